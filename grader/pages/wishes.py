"""What candidates ask of their open answers: a second look, and whether copies may teach the grader."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from grader.errors import AnswerRefused, CannotAsk
from grader.marking import ask_regrade, give_consent, withdraw_consent
from grader.models import Submission
from grader.pages.problem import logged_in


@login_required
@require_POST
def regrade(request: HttpRequest, submission_id: str) -> HttpResponse:
    user = logged_in(request)
    submission = get_object_or_404(Submission.objects.filter(user=user), pk=submission_id)
    try:
        ask_regrade(user=user, submission=submission, reason=request.POST.get("reason", ""))
    except (CannotAsk, AnswerRefused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("A person looks at your answer again."))
    return redirect("submission", submission.pk)


@login_required
@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    user = logged_in(request)
    if request.POST.get("consent") == "yes":
        give_consent(user)
        messages.success(request, _("Thank you. Marked answers of yours may teach the grader."))
    else:
        withdraw_consent(user)
        messages.success(request, _("Your answers no longer teach the grader; their copies are deleted."))
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/submissions/"
    return redirect(back)
