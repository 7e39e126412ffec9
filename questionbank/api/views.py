"""Problems and topics, for everyone; log-in for a token."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.db.models import F, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field, extend_schema_view
from knox.models import AuthToken
from rest_framework import exceptions, mixins, serializers, status, viewsets
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from questionbank.api.schema import errors
from questionbank.api.serializers import ProblemDetailSerializer, ProblemSerializer, TopicSerializer
from questionbank.models import ProblemVersion, Topic
from questionbank.packages.model import Difficulty, Kind
from questionbank.services import package_of


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class TopicFilter(filters.ModelMultipleChoiceFilter):
    """Topics by slug."""


class ProblemFilter(filters.FilterSet):
    """Repeat a parameter to allow several values."""

    topic = TopicFilter(field_name="topics__slug", to_field_name="slug", queryset=Topic.objects.all())
    kind = filters.MultipleChoiceFilter(choices=[(kind.value, kind.value) for kind in Kind])
    difficulty = filters.MultipleChoiceFilter(choices=[(one.value, one.value) for one in Difficulty])
    search = filters.CharFilter(method="filter_search", label="every word must occur, in either language")

    class Meta:
        model = ProblemVersion
        fields = ("topic", "kind", "difficulty", "search")

    def filter_search(
        self, rows: QuerySet[ProblemVersion], _name: str, value: str
    ) -> QuerySet[ProblemVersion]:
        for word in value.split()[:8]:
            rows = rows.filter(search_text__icontains=word)
        return rows


@extend_schema_view(
    list=extend_schema(summary="The catalogue"), retrieve=extend_schema(summary="One problem")
)
class ProblemViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ProblemVersion]
):
    """Published problems, each in its current version."""

    permission_classes = (AllowAny,)
    serializer_class = ProblemSerializer
    filter_backends = (filters.DjangoFilterBackend,)
    filterset_class = ProblemFilter
    lookup_field = "problem__slug"
    lookup_url_kwarg = "slug"
    queryset = (
        ProblemVersion.objects.filter(problem__current=F("pk"))
        .select_related("problem")
        .prefetch_related("topics")
        .defer("search_text")
        .order_by("problem__slug")
        .distinct()
    )

    @extend_schema(responses=ProblemDetailSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        version = self.get_object()
        return Response(ProblemDetailSerializer(version, context={"package": package_of(version)}).data)


@extend_schema_view(list=extend_schema(summary="The topics"))
class TopicViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Topic]):
    """The bank's topics in their order."""

    permission_classes = (AllowAny,)
    serializer_class = TopicSerializer
    queryset = Topic.objects.all()
    pagination_class = None


class LoginSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    password = serializers.CharField(style={"input_type": "password"}, trim_whitespace=False)


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="send it as `Authorization: Token …`; it is shown only here")


class LoginView(APIView):
    """A token for a user name and a password."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    throttle_scope = "login"

    @extend_schema(
        request=LoginSerializer, responses={201: TokenSerializer, **errors(429, 503)}, summary="Get a token"
    )
    def post(self, request: Request) -> Response:
        given = LoginSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = authenticate(request._request, **given.validated_data)
        if user is None:
            raise exceptions.AuthenticationFailed("The user name or the password is wrong.")
        _, token = AuthToken.objects.create(user=user)
        return Response({"token": token}, status=status.HTTP_201_CREATED)


class LogoutView(APIView):
    """Makes the token that came with the request void."""

    @extend_schema(
        summary="Make the token void",
        request=None,
        responses={204: OpenApiResponse(description="The token is void.")},
    )
    def post(self, request: Request) -> Response:
        if isinstance(request.auth, AuthToken):
            request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
