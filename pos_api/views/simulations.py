from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from pos_api.evaluation_answers import SimulationAnswer
from pos_api.examples import EVALUATE_ANSWER, SIMULATION_EXAMPLES
from pos_api.openapi import operation
from pos_api.services.simulation import company_zone, run_simulation
from pos_api.simulation_schema import SIMULATION_SCHEMA
from pos_api.views.base import ManagerView, answer, read_json
from pos_api.views.resources import user_of


class SimulationsView(ManagerView):
    permissions = {"POST": ("campaigns.view_campaign",)}

    @operation(
        id="simulate",
        tag="Campaigns",
        summary="Evaluate a basket against campaigns that need not be saved",
        description="Writes nothing. Every campaign of the document is listed, activated or not, with its reason.",
        request=SIMULATION_SCHEMA,
        responses={200: SimulationAnswer},
        examples=SIMULATION_EXAMPLES,
        answer=EVALUATE_ANSWER,
    )
    def post(self, request: Request) -> HttpResponse:
        body = run_simulation(
            read_json(request),
            now=timezone.now(),
            zone=company_zone(),
            shows_customers=user_of(request).has_perm("customers.view_customer"),
        )
        return answer(body)
