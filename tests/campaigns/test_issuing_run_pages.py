"""The pages of issuing runs and rules as a manager uses them."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from openpyxl import load_workbook

from campaigns.services import issuing_jobs
from loyalty.models import IssuingEvent, IssuingRule, IssuingRun, RunState, StoredValue
from loyalty.selectors.issuing import issued
from loyalty.services import issuing_runs
from retail.models import Company
from tests.builders import (
    build_customer,
    build_issuing_rule,
    build_issuing_run,
    build_sale,
    build_store,
    build_stored_value_type,
    build_user,
)
from tests.campaigns.code_work import AT
from tests.campaigns.code_work import run as run_job

pytestmark = pytest.mark.django_db
NEW, RULES = "/loyalty/issuing-runs/new/", "/loyalty/issuing-rules/new/"
FIELDS = {"name": "Natal", "percent_means": "turnover", "tier_1_amount": "10.00"}


@pytest.fixture
def manager() -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(User.objects.create_superuser("marina"))
    return client


def work(run: IssuingRun) -> IssuingRun:
    """Do what is queued for a run."""
    for job in issuing_jobs.jobs_of(run):
        if job.is_active:
            run_job(job)
    run.refresh_from_db()
    return run


def issued_run(**values: Any) -> IssuingRun:
    run = build_issuing_run(**values)
    issuing_jobs.request_issue(run=run, version=run.version, accepts_overlap=True, user=None, at=AT)
    return work(run)


class TestRun:
    def test_is_made_previewed_confirmed_and_issued(self, manager: Client) -> None:
        store, ana = build_store(), build_customer(name="Ana Souza")
        for amount in ("60.00", "40.00"):
            build_sale(customer=ana, store=store, lines=[{"unit_price": Decimal(amount)}])
        build_customer()

        answer = manager.post(
            NEW,
            FIELDS
            | {
                "tier_1_amount": "",
                "tier_1_percent": "5",
                "minimum_visits": "2",
                "minimum_turnover": "100.00",
                "stores": store.code,
                "period_from_day": "2026-11-01",
                "period_until_day": "2026-11-30",
                "valid_days": "30",
            },
        )
        run = work(IssuingRun.objects.get())
        assert answer["Location"] == f"/loyalty/issuing-runs/{run.pk}/"
        # The last day is part of the period, by the company's clock.
        assert run.period_ends_at == datetime(2026, 12, 1, 3, tzinfo=UTC)
        page = manager.get(answer["Location"]).content.decode()
        assert "Ana Souza" in page
        assert "5.00" in page

        manager.post(f"{answer['Location']}confirm/", {"version": run.version})
        run = work(run)

        assert (run.state, run.issued_count) == (RunState.DONE, 1)
        assert StoredValue.objects.get().customer == ana

    def test_shows_each_mistake_beside_its_field(self, manager: Client) -> None:
        answer = manager.post(
            NEW,
            FIELDS
            | {
                "stores": "NADA",
                "tier_1_percent": "5",
                "valid_days": "5",
                "usable_until_day": "2026-12-31",
                "customer": "ninguem",
            },
        )
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["customer"]

        answer = manager.post(
            NEW,
            FIELDS
            | {"stores": "NADA", "tier_1_percent": "5", "valid_days": "5", "usable_until_day": "2026-12-31"},
        )
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {"tier_1_amount", "valid_days", "stores"}
        assert not IssuingRun.objects.exists()

    def test_refuses_a_country_or_a_language_that_nobody_has(self, manager: Client) -> None:
        for sent, wrong in (
            ({"country": "-5"}, {"country"}),
            ({"country": "ZZ", "language": "ZZ"}, {"country", "language"}),
            ({"language": "pt-zz"}, {"language"}),
            ({"country": "br", "language": "PT_br"}, set()),
            ({"country": "PT", "language": "es-cl"}, set()),
        ):
            answer = manager.post(NEW, FIELDS | sent)
            assert (answer.status_code == 302) == (not wrong), sent
            if wrong:
                assert set(answer.context["form"].errors) == wrong
        first = IssuingRun.objects.earliest("pk")
        assert (first.country, first.language) == ("BR", "pt-br")

    def test_names_the_tier_that_is_wrong(self, manager: Client) -> None:
        tiers = {"tier_1_from": "100.00", "tier_3_from": "50.00", "tier_3_amount": "x"}

        typed = manager.post(NEW, FIELDS | tiers).content.decode()
        falling = manager.post(NEW, FIELDS | tiers | {"tier_3_amount": "5.00"}).content.decode()

        assert "Tier 3: amount</a>: Enter a number" in typed
        assert "Tier 3: from a turnover of</a>: Each tier begins at a higher turnover" in falling

    def test_page_leaves_no_filter_open_and_has_the_styles_of_what_it_folds(self, manager: Client) -> None:
        build_customer()
        run, narrow = issued_run(), build_issuing_run(country="BR")

        pages = [manager.get(f"/loyalty/issuing-runs/{one.pk}/").content.decode() for one in (run, narrow)]

        assert "<dt>Whom it looks at</dt><dd>all customers</dd>" in pages[0]
        assert "<dt>Whom it looks at</dt><dd>BR</dd>" in pages[1]
        assert 'class="card fold"' in pages[0]
        assert "css/campaigns" in pages[0]

    def test_is_changed_with_what_it_says_and_not_over_somebody_else(self, manager: Client) -> None:
        run = build_issuing_run(usable_store_codes=[build_store().code], valid_days=7)
        url = f"/loyalty/issuing-runs/{run.pk}/edit/"
        form = manager.get(url).context["form"]
        shown = {
            name: value for name in form.fields if (value := form[name].value()) not in (None, "", False)
        }
        assert (shown["tier_1_amount"], shown["valid_days"]) == (Decimal("10.00"), 7)

        sent = {**shown, "type": run.type_id, "name": "Outro", "_version": run.version}
        assert manager.post(url, sent).status_code == 302
        assert manager.post(url, sent).status_code == 422
        run.refresh_from_db()
        assert (run.name, run.state) == ("Outro", RunState.DRAFT)

    def test_a_change_keeps_the_customer_whatever_identifies_her(self, manager: Client) -> None:
        mother, child = (
            build_customer(name="Ana Souza", document=None, email="casa@example.com") for _number in range(2)
        )
        run = build_issuing_run(customer=child)
        url = f"/loyalty/issuing-runs/{run.pk}/edit/"
        shown = manager.get(url).context["form"]["customer"].value()

        answer = manager.post(url, FIELDS | {"type": run.type_id, "customer": shown, "_version": run.version})

        assert answer.status_code == 302
        run.refresh_from_db()
        assert run.customer == child != mother

    def test_a_change_keeps_every_tier_of_what_a_program_wrote(self, manager: Client) -> None:
        tiers = [{"from": f"{place}00.00", "amount": f"{place}.00"} for place in range(1, 9)]
        run = build_issuing_run(tiers=tiers)
        url = f"/loyalty/issuing-runs/{run.pk}/edit/"
        page = manager.get(url)
        form = page.context["form"]
        shown = {
            name: value for name in form.fields if (value := form[name].value()) not in (None, "", False)
        }

        answer = manager.post(url, {**shown, "type": run.type_id, "name": "Outro", "_version": run.version})

        assert page.content.decode().count("tier_8_amount") > 0
        assert answer.status_code == 302
        run.refresh_from_db()
        assert (run.name, run.tiers) == ("Outro", tiers)

    def test_confirming_an_old_preview_or_without_a_word_on_overlaps_issues_nothing(
        self, manager: Client
    ) -> None:
        build_customer()
        issued_run()
        run = build_issuing_run()
        url = f"/loyalty/issuing-runs/{run.pk}/"

        for sent in ({"version": run.version - 1}, {"version": "x"}, {}, {"version": run.version}):
            manager.post(f"{url}confirm/", sent)
            assert work(run).state == RunState.PREVIEWED
        assert "were given vouchers for the same purchases" in manager.get(url).content.decode()
        manager.post(f"{url}confirm/", {"version": run.version, "accepts_overlap": "1"})
        assert work(run).state == RunState.DONE

    def test_above_the_limit_who_prepared_it_cannot_confirm_it(self, manager: Client) -> None:
        Company.objects.update(adjustment_limit=5)
        build_customer()
        manager.post(NEW, FIELDS)
        run = work(IssuingRun.objects.get())
        url = f"/loyalty/issuing-runs/{run.pk}/"
        other = Client(headers={"Accept-Language": "en"})
        other.force_login(User.objects.create_superuser("gisele"))

        own, seen = (client.get(url).content.decode() for client in (manager, other))
        refused = manager.post(f"{url}confirm/", {"version": run.version}, follow=True).content.decode()

        assert "You prepared this run" in own
        assert 'data-dialog-open="confirm-run"' not in own
        assert "You prepared this run" not in seen
        assert "somebody else than who prepared it has to confirm it" in seen
        assert 'data-dialog-open="confirm-run"' in seen
        assert "somebody else than who prepared it has to confirm it" in refused
        assert work(run).state == RunState.PREVIEWED
        other.post(f"{url}confirm/", {"version": run.version})
        assert work(run).state == RunState.DONE

    def test_confirmed_twice_it_is_issued_once_and_nothing_is_refused(self, manager: Client) -> None:
        build_customer()
        run = build_issuing_run()
        url = f"/loyalty/issuing-runs/{run.pk}/"
        manager.post(f"{url}confirm/", {"version": run.version})

        answer = manager.post(f"{url}confirm/", {"version": run.version}, follow=True)

        assert "can no longer be changed" not in answer.content.decode()
        assert len(issuing_jobs.jobs_of(run)) == 1

    def test_is_cancelled_and_goes_on_after_its_job_was_stopped(self, manager: Client) -> None:
        build_customer()
        run = build_issuing_run()
        job = issuing_jobs.request_issue(
            run=run, version=run.version, accepts_overlap=False, user=None, at=AT
        )
        manager.post(f"/jobs/{job.pk}/cancel/")
        url = f"/loyalty/issuing-runs/{run.pk}/"
        assert "Go on" in manager.get(url).content.decode()
        manager.post(f"{url}resume/")
        assert work(run).state == RunState.DONE

        other = build_issuing_run()
        manager.post(f"/loyalty/issuing-runs/{other.pk}/cancel/")
        other.refresh_from_db()
        assert other.state == RunState.CANCELLED


class TestFile:
    def test_has_codes_for_whoever_may_issue_and_says_so_in_the_history(self, manager: Client) -> None:
        build_customer(name="Ana Souza")
        run = issued_run()
        [(_grant, code)] = issued(run, with_codes=True)
        url = f"/loyalty/issuing-runs/{run.pk}/export"

        plain = b"".join(manager.get(f"{url}.csv").streaming_content).decode()  # type: ignore[attr-defined]
        assert "Ana Souza" in plain
        assert code not in plain
        assert not IssuingEvent.objects.filter(action="exported").exists()

        book = load_workbook(BytesIO(b"".join(manager.post(f"{url}.xlsx").streaming_content)))  # type: ignore[attr-defined]
        assert [cell.value for cell in book.active[2]][-1] == code
        assert IssuingEvent.objects.filter(action="exported").count() == 1
        assert "Codes taken away" in manager.get(f"/loyalty/issuing-runs/{run.pk}/").content.decode()

    def test_has_no_codes_for_others_nor_after_they_were_closed(self, manager: Client) -> None:
        build_customer(name="Ana Souza")
        run = issued_run()
        [(_grant, code)] = issued(run, with_codes=True)
        url = f"/loyalty/issuing-runs/{run.pk}/export.csv"
        reader = Client()
        reader.force_login(build_user(permissions=["loyalty.view_issuingrun"]))

        assert reader.post(url).status_code == 403
        assert b"Ana Souza" not in b"".join(reader.get(url).streaming_content)  # type: ignore[attr-defined]
        manager.post(f"/loyalty/issuing-runs/{run.pk}/close-codes/")
        assert code.encode() not in b"".join(manager.post(url).streaming_content)  # type: ignore[attr-defined]

    def test_confirming_and_closing_need_the_right_to_issue(self) -> None:
        build_customer()
        run = build_issuing_run()
        client = Client()
        client.force_login(build_user(permissions=["loyalty.view_issuingrun", "loyalty.change_issuingrun"]))

        for step in ("confirm", "resume", "close-codes"):
            assert client.post(f"/loyalty/issuing-runs/{run.pk}/{step}/").status_code == 403
        issuing_runs.preview(run, at=AT)
        assert client.post(f"/loyalty/issuing-runs/{run.pk}/preview/").status_code == 302


class TestRule:
    def test_is_made_with_tiers(self, manager: Client) -> None:
        answer = manager.post(
            RULES,
            FIELDS
            | {
                "trigger": "sale",
                "is_active": "on",
                "percent_means": "voucher",
                "tier_1_amount": "",
                "tier_1_from": "50.00",
                "tier_1_percent": "5",
                "tier_2_from": "100.00",
                "tier_2_percent": "10",
                "ends_day": "2026-12-31",
                "valid_days": "30",
            },
        )

        rule = IssuingRule.objects.get()
        assert answer["Location"] == "/loyalty/issuing-rules/"
        assert (rule.code, rule.ends_at) == ("natal", datetime(2027, 1, 1, 3, tzinfo=UTC))
        assert rule.tiers == [{"from": "50.00", "percent": "5"}, {"from": "100.00", "percent": "10"}]
        assert "off a purchase" in manager.get("/loyalty/issuing-rules/").content.decode()

    def test_for_every_sale_gives_what_anybody_may_use(self, manager: Client) -> None:
        personal = build_stored_value_type(kind="voucher", name="Fidelidade", is_personal=True)
        sent = FIELDS | {"trigger": "sale", "is_active": "on"}

        refused = manager.post(RULES, sent)
        build_stored_value_type(kind="voucher", name="Ao portador", is_active=False)
        free = build_stored_value_type(kind="voucher", name="Vale da compra")
        made = manager.post(RULES, sent)
        known = manager.post(RULES, sent | {"name": "Outra", "trigger": "customer", "window_days": "30"})

        assert refused.status_code == 422
        [message] = refused.context["form"].errors["type"]
        assert message.startswith("“Fidelidade” is only for its customer")
        assert (made.status_code, known.status_code) == (302, 302)
        types = dict(IssuingRule.objects.values_list("name", "type"))
        assert types == {"Natal": free.pk, "Outra": personal.pk}

    def test_names_what_is_wrong_in_the_row_that_says_it(self, manager: Client) -> None:
        answer = manager.post(
            RULES,
            FIELDS
            | {
                "trigger": "customer",
                "tier_1_from": "100.00",
                "tier_3_from": "50.00",
                "tier_3_amount": "5.00",
            },
        )

        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {"window_days", "tier_3_from"}

    def test_is_switched_off_and_keeps_its_code(self, manager: Client) -> None:
        rule = build_issuing_rule()
        url = f"/loyalty/issuing-rule/{rule.code}/"

        answer = manager.post(
            url, FIELDS | {"trigger": "sale", "code": "outro", "_version": str(rule.version)}
        )

        assert answer.status_code == 302
        changed = IssuingRule.objects.get()
        assert (changed.code, changed.is_active, changed.version) == (rule.code, False, rule.version + 1)
        assert (
            manager.post(url, FIELDS | {"trigger": "sale", "_version": str(rule.version)}).status_code == 422
        )
