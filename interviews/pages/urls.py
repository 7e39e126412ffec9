from __future__ import annotations

from django.urls import path

from interviews.pages import attempts, sets

urlpatterns = [
    path("sets/", sets.sets, name="sets"),
    path("sets/new/", sets.create, name="set-create"),
    path("sets/<uuid:set_id>/", sets.results, name="set"),
    path("sets/<uuid:set_id>/edit/", sets.edit, name="set-edit"),
    path("sets/<uuid:set_id>/close/", sets.close, name="set-close"),
    path("sets/<uuid:set_id>/reopen/", sets.reopen, name="set-reopen"),
    path("sets/<uuid:set_id>/submissions/<uuid:submission_id>/", sets.handed_in, name="set-submission"),
    path("s/<str:share_token>/", attempts.shared, name="shared-set"),
    path("s/<str:share_token>/start/", attempts.start, name="shared-set-start"),
    path("sets/attempts/<uuid:attempt_id>/", attempts.attempt, name="attempt"),
    path("sets/attempts/<uuid:attempt_id>/<int:position>/", attempts.item, name="attempt-item"),
    path("sets/attempts/<uuid:attempt_id>/<int:position>/submit/", attempts.submit, name="attempt-submit"),
    path("sets/attempts/<uuid:attempt_id>/finish/", attempts.finish, name="attempt-finish"),
]
