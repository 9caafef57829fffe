"""Campaign categories: the labels that lists and reports are filtered by."""

from django.http import HttpResponse
from django.utils.translation import gettext as _
from msgspec import Struct
from rest_framework.request import Request

from campaigns.models import CampaignCategory
from campaigns.services import categories
from pos_api.decoding import Decoder
from pos_api.fields import ShortText, Slug
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of
from pos_api.pagination import paginated
from pos_api.problems import NotFound, invalid_field
from pos_api.views.base import Body, ManagerView, answer, no_content


class CampaignCategoryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    code: Slug
    name: ShortText


class CampaignCategoryName(Struct, forbid_unknown_fields=True, kw_only=True):
    name: ShortText


EXAMPLE: Json = {"code": "promocoes-de-inverno", "name": "Promoções de Inverno"}
_SCHEMA: Json = {
    "type": "object",
    "properties": {"code": {"type": "string"}, "name": {"type": "string"}},
}
_body: Body[CampaignCategoryBody] = Body(Decoder(CampaignCategoryBody))
_name: Body[CampaignCategoryName] = Body(Decoder(CampaignCategoryName))


def represent(category: CampaignCategory) -> Json:
    return {"code": category.code, "name": category.name}


def _clean_name(name: str) -> str:
    if not name.strip() or len(name) > 120:
        raise invalid_field("name", "blank", _("Must have 1 to 120 characters."))
    return name.strip()


def find(code: str) -> CampaignCategory:
    category = CampaignCategory.objects.filter(code=code).first()
    if category is None:
        raise NotFound
    return category


class CampaignCategoriesView(ManagerView):
    permissions = {
        "GET": ("campaigns.view_campaigncategory",),
        "POST": ("campaigns.add_campaigncategory",),
    }

    @operation(
        id="list_campaign_categories",
        tag="Campaigns",
        summary="List campaign categories",
        parameters=PAGE_PARAMETERS,
        responses={200: page_of(_SCHEMA)},
    )
    def get(self, request: Request) -> HttpResponse:
        return paginated(request, CampaignCategory.objects.all(), represent, ordering=("code",))

    @operation(
        id="create_campaign_category",
        tag="Campaigns",
        summary="Create a campaign category",
        request=CampaignCategoryBody,
        responses={201: _SCHEMA},
        examples={"Winter": EXAMPLE},
        answer=EXAMPLE,
        problems={409: "`code_taken`"},
    )
    def post(self, request: Request) -> HttpResponse:
        body = _body.read(request)
        category = categories.create_category(code=body.code, name=_clean_name(body.name))
        return answer(represent(category), 201)


class CampaignCategoryView(ManagerView):
    permissions = {
        "GET": ("campaigns.view_campaigncategory",),
        "PUT": ("campaigns.change_campaigncategory",),
        "DELETE": ("campaigns.delete_campaigncategory",),
    }

    @operation(
        id="read_campaign_category",
        tag="Campaigns",
        summary="Read a campaign category",
        responses={200: _SCHEMA},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return answer(represent(find(code)))

    @operation(
        id="rename_campaign_category",
        tag="Campaigns",
        summary="Rename a campaign category",
        request=CampaignCategoryName,
        responses={200: _SCHEMA},
        examples={"Winter": {"name": "Promoções de Inverno"}},
    )
    def put(self, request: Request, code: str) -> HttpResponse:
        find(code)
        body = _name.read(request)
        return answer(represent(categories.rename_category(code=code, name=_clean_name(body.name))))

    @operation(
        id="delete_campaign_category",
        tag="Campaigns",
        summary="Delete a category that no campaign is filed under",
        responses={204: None},
        problems={409: "`category_in_use`"},
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        find(code)
        categories.delete_category(code=code)
        return no_content()
