"""Pools of promotional codes: what they are, and what can be done to all codes of one."""

from typing import Annotated, ClassVar, Literal

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from msgspec import Meta, Struct
from rest_framework.request import Request

from campaigns import selectors
from campaigns.models import Job, PromoCodePool
from campaigns.services import promo_code_files as files
from campaigns.services import promo_code_jobs, promo_code_pools
from campaigns.tasks import wake_jobs
from pos_api.decoding import Decoder
from pos_api.fields import Moment, Slug
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of, query
from pos_api.pagination import paginated
from pos_api.problems import NotFound
from pos_api.views.base import Body, ManagerView, answer, no_content
from pos_api.views.jobs import JOB, represent_job
from pos_api.views.resources import user_of
from pos_api.views.sales import REPLAYED

TAG = "Promotional codes"
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Prefix = Annotated[str, Meta(max_length=16, pattern=r"^[A-Za-z0-9]*$")]
Uses = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Length = Annotated[int, Meta(ge=6, le=32)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
VIEW = ("campaigns.view_promocodepool",)
CHANGE = ("campaigns.change_promocodepool", "campaigns.add_promocode")


class PromoCodePoolChange(Struct, forbid_unknown_fields=True, kw_only=True):
    """A pool opens `campaign` with any of its codes: as it is `live`, or `as_issued`, as it was when the code was made.

    `prefix` to `check_symbol` are how generated codes look; `max_uses` to `expires_at` are what new codes get when nothing
    else is said.
    """

    name: Name
    campaign: Slug | None = None
    for_automations: bool = False
    terms: Literal["live", "as_issued"] = "live"
    prefix: Prefix = ""
    length: Length = 16
    alphabet: Literal["base32", "letters", "digits"] = "base32"
    check_symbol: bool = True
    max_uses: Uses | None = 1
    max_uses_per_customer: Uses | None = None
    valid_days: Days | None = None
    expires_at: Moment | None = None

    @property
    def settings(self) -> promo_code_pools.PoolSettings:
        return promo_code_pools.PoolSettings(
            name=self.name,
            campaign=self.campaign,
            for_automations=self.for_automations,
            terms=self.terms,
            prefix=self.prefix,
            length=self.length,
            alphabet=self.alphabet,
            has_check_symbol=self.check_symbol,
            max_uses=self.max_uses,
            max_uses_per_customer=self.max_uses_per_customer,
            valid_days=self.valid_days,
            expires_at=self.expires_at,
        )


class PromoCodePoolBody(PromoCodePoolChange, kw_only=True):
    code: Slug


class ExtendBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """The new end of validity; null is without end."""

    expires_at: Moment | None


POOL_EXAMPLE: Json = {
    "code": "natal",
    "name": "Natal 2026",
    "campaign": "NATAL10",
    "prefix": "NATAL",
    "terms": "as_issued",
    "expires_at": "2026-12-26T00:00:00-03:00",
}
_POOL: Json = {
    "type": "object",
    "properties": {
        "code": {"type": "string"},
        "name": {"type": "string"},
        "campaign": {"type": ["string", "null"]},
        "for_automations": {"type": "boolean"},
        "open": {"type": "boolean", "description": "False: no code of it can be used."},
        "terms": {"enum": ["live", "as_issued"]},
        "prefix": {"type": "string"},
        "length": {"type": "integer"},
        "alphabet": {"enum": ["base32", "letters", "digits"]},
        "check_symbol": {"type": "boolean"},
        "max_uses": {"type": ["integer", "null"]},
        "max_uses_per_customer": {"type": ["integer", "null"]},
        "valid_days": {"type": ["integer", "null"]},
        "expires_at": {"type": ["string", "null"], "format": "date-time"},
        "codes": {"type": "integer", "description": "How many codes it has."},
        "uses": {"type": "integer", "description": "How often they were used."},
    },
}
POOL_ANSWER: Json = {
    **POOL_EXAMPLE,
    "for_automations": False,
    "open": True,
    "length": 16,
    "alphabet": "base32",
    "check_symbol": True,
    "max_uses": 1,
    "max_uses_per_customer": None,
    "valid_days": None,
    "codes": 0,
    "uses": 0,
}


def represent(pool: PromoCodePool) -> Json:
    return {
        "code": pool.code,
        "name": pool.name,
        "campaign": pool.campaign.code if pool.campaign else None,
        "for_automations": pool.for_automations,
        "open": pool.is_active,
        "terms": pool.terms,
        "prefix": pool.pattern,
        "length": pool.length,
        "alphabet": pool.alphabet,
        "check_symbol": pool.has_check_symbol,
        "max_uses": pool.max_uses,
        "max_uses_per_customer": pool.max_uses_per_customer,
        "valid_days": pool.valid_days,
        "expires_at": pool.expires_at,
        "codes": pool.code_count,
        "uses": pool.use_count,  # type: ignore[attr-defined]
    }


def find(code: str) -> PromoCodePool:
    """Return a pool. Raises NotFound."""
    pool = selectors.promo_code_pools().filter(code=code).first()
    if pool is None:
        raise NotFound
    return pool


def accepted(job: Job, *, replayed: bool = False) -> HttpResponse:
    """Answer 202 with a job that was just asked for, and wake a worker. `replayed`: it was asked for before."""
    wake_jobs()
    headers = {"Location": f"/api/v1/jobs/{job.pk}/"}
    return answer(represent_job(job), 202, headers=headers | ({REPLAYED: "true"} if replayed else {}))


class PromoCodePoolsView(ManagerView):
    permissions = {"GET": VIEW, "POST": ("campaigns.add_promocodepool",)}
    body: ClassVar[Body[PromoCodePoolBody]] = Body(Decoder(PromoCodePoolBody))

    @operation(
        id="list_promo_code_pools",
        tag=TAG,
        summary="List pools",
        parameters=(
            *PAGE_PARAMETERS,
            query("q", "Part of code or name."),
            query("campaign", "Code of the campaign that they open."),
        ),
        responses={200: page_of(_POOL)},
    )
    def get(self, request: Request) -> HttpResponse:
        given = request.query_params
        pools = selectors.promo_code_pools(q=given.get("q", "")[:100], campaign=given.get("campaign", ""))
        return paginated(request, pools, represent, ordering=("code",))

    @operation(
        id="create_promo_code_pool",
        tag=TAG,
        summary="Create a pool",
        request=PromoCodePoolBody,
        responses={201: _POOL},
        examples={"Christmas": POOL_EXAMPLE},
        answer=POOL_ANSWER,
        problems={409: "`code_taken`"},
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.body.read(request)
        promo_code_pools.create_pool(
            code=body.code, settings=body.settings, user=user_of(request), at=timezone.now()
        )
        return answer(represent(find(body.code)), 201)


class PromoCodePoolView(ManagerView):
    permissions = {
        "GET": VIEW,
        "PUT": ("campaigns.change_promocodepool",),
        "DELETE": ("campaigns.delete_promocodepool",),
    }
    body: ClassVar[Body[PromoCodePoolChange]] = Body(Decoder(PromoCodePoolChange))

    @operation(id="read_promo_code_pool", tag=TAG, summary="Read a pool", responses={200: _POOL})
    def get(self, request: Request, code: str) -> HttpResponse:
        return answer(represent(find(code)))

    @operation(
        id="change_promo_code_pool",
        tag=TAG,
        summary="Change a pool; codes that exist keep what holds for them",
        request=PromoCodePoolChange,
        responses={200: _POOL},
        examples={"Another campaign": {"name": "Natal 2026", "campaign": "NATAL15"}},
    )
    def put(self, request: Request, code: str) -> HttpResponse:
        pool = find(code)
        body = self.body.read(request)
        promo_code_pools.change_pool(
            pool=pool, settings=body.settings, user=user_of(request), at=timezone.now()
        )
        return answer(represent(find(code)))

    @operation(
        id="delete_promo_code_pool",
        tag=TAG,
        summary="Delete a pool of which no code was used",
        responses={204: None},
        problems={409: "`pool_in_use`, `pool_busy`"},
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        promo_code_pools.delete_pool(pool=find(code))
        return no_content()


class DeactivateView(ManagerView):
    permissions = {"POST": ("campaigns.change_promocodepool",)}
    opens: ClassVar[bool] = False

    @operation(
        id="deactivate_promo_code_pool",
        tag=TAG,
        summary="Close every code of a pool, at once and whatever its size",
        responses={200: _POOL},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        return self.switch(request, code)

    def switch(self, request: Request, code: str) -> HttpResponse:
        promo_code_pools.set_pool_open(
            pool=find(code), is_open=self.opens, user=user_of(request), at=timezone.now()
        )
        return answer(represent(find(code)))


class ActivateView(DeactivateView):
    opens = True

    @operation(
        id="activate_promo_code_pool",
        tag=TAG,
        summary="Open a pool again: each code is what it was",
        responses={200: _POOL},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        return self.switch(request, code)


class ExtendView(ManagerView):
    permissions = {"POST": ("campaigns.change_promocodepool", "campaigns.change_promocode")}
    body: ClassVar[Body[ExtendBody]] = Body(Decoder(ExtendBody))

    @operation(
        id="extend_promo_codes",
        tag=TAG,
        summary="Give every code of a pool another end of validity",
        description="A job. Codes that were used up keep theirs. An end that is past is refused: deactivate the pool instead.",
        request=ExtendBody,
        responses={202: JOB},
        examples={"Until the end of January": {"expires_at": "2027-02-01T00:00:00-03:00"}},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        pool = find(code)
        body = self.body.read(request)
        job = promo_code_jobs.request_extension(
            pool=pool, expires_at=body.expires_at, user=user_of(request), at=timezone.now()
        )
        return accepted(job)


class ExportView(ManagerView):
    permissions = {"GET": VIEW}

    @operation(
        id="export_promo_codes",
        tag=TAG,
        summary="Download the codes of a pool as CSV",
        description="With state, uses and customer. Streamed; every export is noted in the pool's history.",
        responses={200: None},
    )
    def get(self, request: Request, code: str) -> StreamingHttpResponse:
        pool, at = find(code), timezone.now()
        promo_code_pools.record_event(pool, "exported", user=user_of(request), at=at)
        return StreamingHttpResponse(
            files.export_codes(pool, with_documents=request.user.has_perm("customers.view_customer"), at=at),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{pool.code}.csv"'},
        )
