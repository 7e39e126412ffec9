"""Submissions and what judging wrote about them. Only the services write these rows."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from grader.verdict import Stage


class Submission(models.Model):
    """One answer to one version of a problem.

    `attempt` is the fence: each claim by a worker raises it, and only the holder of the current number
    may write results. `claimed_at` is when its worker last said that it lives; at `resend_at` its task is
    sent again, unless judging is over (None). `infrastructure_failures` counts attempts that failed
    through our fault.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="submissions")
    version = models.ForeignKey(
        "questionbank.ProblemVersion", on_delete=models.PROTECT, related_name="submissions"
    )
    language = models.CharField(max_length=20)
    source = models.TextField()
    stage = models.CharField(max_length=20, default=Stage.QUEUED)
    verdict = models.CharField(max_length=3, blank=True)
    score = models.FloatField(null=True)
    message = models.TextField(blank=True)
    lack = models.CharField(max_length=200, blank=True)
    compiler_output = models.TextField(blank=True)
    metrics = models.JSONField(default=list)
    exhibits = models.JSONField(default=dict)
    guarantees = models.JSONField(default=list)
    device = models.CharField(max_length=200, blank=True)
    driver = models.CharField(max_length=200, blank=True)
    timer = models.CharField(max_length=40, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    infrastructure_failures = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    resend_at = models.DateTimeField(null=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["user", "-created_at"])]


class CaseRecord(models.Model):
    """One test's result of the current attempt; fields as in `grader.judge.model.CaseResult`."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="cases")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    group = models.CharField(max_length=100)
    verdict = models.CharField(max_length=3)
    cpu_s = models.FloatField()
    wall_s = models.FloatField()
    peak_bytes = models.BigIntegerField()
    message = models.TextField(blank=True)
    got = models.TextField(null=True)
    expected = models.TextField(null=True)
    stdout = models.TextField(null=True)
    judge_message = models.TextField(blank=True)
    """For authors alone: it may say what the test hides."""

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["submission", "position"], name="case_position_once")]


class Grade(models.Model):
    """What the machine made of an open answer: `grader.open.model.OpenGrade`; shares go from 0 to 1.

    `points` are {point_id, level, probability, start, end}, the places in characters of the answer. `doubts`
    say why it did not stand by itself, values of `grader.publishing.Doubt`; with none, it was published, and
    `audited` may have sent it to a person all the same. `judge` names the language model that judged too;
    `opinion` is its account: {scores, objections, points: [{point_id, verdict, reason, quotes}]}.
    """

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="grade")
    score = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    language = models.CharField(max_length=10)
    points = models.JSONField(default=list)
    flags = models.JSONField(default=list)
    doubts = models.JSONField(default=list)
    grader = models.CharField(max_length=100)
    judge = models.CharField(max_length=200, blank=True)
    opinion = models.JSONField(default=dict)
    audited = models.BooleanField(default=False)
    graded_at = models.DateTimeField(auto_now=True)


class Rejudge(models.Model):
    """Answers to one version of a problem, judged again by the tests of `target`: the same or another one.

    Candidates see nothing of it until it is applied, all at once. `note` is what they read then.
    """

    class Scope(models.TextChoices):
        AFFECTED = "affected"
        ALL = "all"

    class State(models.TextChoices):
        OPEN = "open"
        APPLIED = "applied"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    problem = models.ForeignKey("questionbank.Problem", on_delete=models.CASCADE, related_name="rejudges")
    source = models.ForeignKey("questionbank.ProblemVersion", on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey("questionbank.ProblemVersion", on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=10, choices=Scope.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    note = models.CharField(max_length=500, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["problem"], condition=models.Q(state="open"), name="one_open_rejudge_a_problem"
            )
        ]


class RejudgedAnswer(models.Model):
    """One answer of a rejudge. `attempt`, `claimed_at`, `resend_at` and `failures` as in `Submission`.

    `before` is the judgement that the answer had, kept once another has taken its place; `after` the new one,
    as JSON of `grader.judge.model.Judgement`. Where judging failed, the answer keeps what it has,
    and `problem` says why: a `grader.rejudging.Trouble` or a `grader.lacks.Lack`.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        JUDGED = "judged"
        FAILED = "failed"

    rejudge = models.ForeignKey(Rejudge, on_delete=models.CASCADE, related_name="answers")
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="rejudged")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    verdict_before = models.CharField(max_length=3, blank=True)
    score_before = models.FloatField(null=True)
    verdict_after = models.CharField(max_length=3, blank=True)
    score_after = models.FloatField(null=True)
    changed = models.BooleanField(default=False)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    problem = models.CharField(max_length=200, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    resend_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["rejudge", "submission"], name="rejudged_once")]


class PublishingRule(models.Model):
    """The operator's thresholds (`grader.publishing.Rule`); the newest row holds."""

    half_width = models.FloatField()
    pass_mark = models.FloatField()
    graded_answers = models.PositiveSmallIntegerField()
    audit_share = models.FloatField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]


class RegradeRequest(models.Model):
    """A candidate's wish that a person look at an answer again, once an answer."""

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="regrade")
    reason = models.TextField()
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)


class CalibrationConsent(models.Model):
    """A candidate lets marked answers be kept without a name as examples for the grader."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    given_at = models.DateTimeField(auto_now_add=True)


class CalibrationExample(models.Model):
    """An answer that a person has marked, without what names its author; `levels` by point id.

    `origin` is a keyed hash of the submission: it finds the example again when the answer is marked anew or
    its author withdraws consent, and tells nobody else whose it was.
    """

    problem = models.ForeignKey("questionbank.Problem", on_delete=models.CASCADE, related_name="examples")
    text = models.TextField()
    levels = models.JSONField()
    origin = models.CharField(max_length=64, unique=True)
    added_on = models.DateField(auto_now_add=True)


class PointMark(models.Model):
    """A reviewer's mark on one rubric point of an open answer; `graded_level` is the machine's."""

    class Level(models.TextChoices):
        MET = "met"
        PARTLY = "partly"
        NOT_MET = "not_met"

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="marks")
    point_id = models.CharField(max_length=50)
    level = models.CharField(max_length=10, choices=Level.choices)
    graded_level = models.CharField(max_length=10, blank=True)
    comment = models.TextField(blank=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "point_id"], name="one_mark_a_point")]


class Draft(models.Model):
    """The unsent text of an answer, kept on the server; `revision` refuses a stale tab's overwrite."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    problem = models.ForeignKey("questionbank.Problem", on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=20)
    source = models.TextField()
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "problem", "language"], name="one_draft_a_language")
        ]


class IdempotencyKey(models.Model):
    """A client's promise that two requests with one key are one: same body, same submission."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    body_hash = models.CharField(max_length=64)
    submission = models.ForeignKey(Submission, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]


class JudgeReply(models.Model):
    """A language model's reply, kept by what was asked: the same answer is not sent twice."""

    key = models.CharField(max_length=64, primary_key=True)
    reply = models.TextField()
    kept_at = models.DateTimeField(auto_now_add=True)


class JudgeDay(models.Model):
    """How often the language model was asked on a day (UTC)."""

    day = models.DateField(primary_key=True)
    calls = models.PositiveIntegerField(default=0)


class JudgeVersion(models.Model):
    """A version of the language model and whether it passed the canaries; `detail` says where it did not."""

    version = models.CharField(max_length=200, unique=True)
    passed = models.BooleanField()
    detail = models.TextField(blank=True)
    tried_at = models.DateTimeField(auto_now=True)


class GraderTrial(models.Model):
    """How the grader does on an answer of the bank that people have graded, with that answer left out.

    `truth` is what people gave it; the other fields are `grader.open.model.OpenGrade`'s.
    """

    problem = models.ForeignKey("questionbank.Problem", on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=10)
    truth = models.FloatField()
    score = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    flags = models.JSONField(default=list)
    calibrated = models.BooleanField()
    graded_answers = models.PositiveIntegerField()
    grader = models.CharField(max_length=100)
    tried_at = models.DateTimeField(auto_now_add=True)
