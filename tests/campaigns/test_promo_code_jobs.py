"""Codes by the million: exactly what was asked for, whatever happens to the workers."""

from datetime import timedelta

import pytest
from django.db import connection

from campaigns.models import (
    CampaignRevision,
    Job,
    JobState,
    PoolTerms,
    PromoCode,
)
from campaigns.services import jobs, promo_code_jobs
from campaigns.services import promo_code_refusals as refusals
from campaigns.services import promo_codes as codes
from campaigns.services.campaigns import save_campaign
from tests.builders import (
    build_campaign,
    build_customer,
    build_customer_grouping,
    build_promo_code_pool,
    build_user,
)
from tests.campaigns.code_work import AT, receive, run

BATCH = 50


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(promo_code_jobs, "BATCH", BATCH)


def generation(pool, count: int, **others) -> Job:
    others = {"terms": codes.Terms(), "user": None, "at": AT} | others
    return promo_code_jobs.request_generation(pool=pool, count=count, **others)


class TestGeneration:
    def test_makes_exactly_as_many_as_were_asked_for(self, db):
        pool = build_promo_code_pool(prefix="natal")
        terms = codes.Terms(max_uses=3, max_uses_per_customer=1, starts_at=AT, expires_at=AT + timedelta(9))

        job = run(generation(pool, 120, terms=terms))

        pool.refresh_from_db()
        made = list(pool.codes.all())
        assert (job.state, job.done, pool.code_count, len(made)) == (JobState.FINISHED, 120, 120, 120)
        assert all(code.code.startswith("NATAL-") for code in made)
        assert {codes.Terms(max_uses=c.max_uses, max_uses_per_customer=c.max_uses_per_customer, starts_at=c.starts_at, expires_at=c.expires_at) for c in made} == {terms}  # fmt: skip

    def test_goes_on_where_a_batch_was_cut_off(self, db):
        pool = build_promo_code_pool()
        job = run(generation(pool, 120), stops_after=2)
        # The second batch was recorded by itself only when its transaction ended: it is made again.
        assert (job.state, job.done, pool.codes.count()) == (JobState.QUEUED, 50, 50)

        run(job)

        pool.refresh_from_db()
        assert pool.codes.count() == pool.code_count == 120

    def test_leaves_what_was_made_when_it_is_cancelled(self, db, monkeypatch):
        pool = build_promo_code_pool()
        job = run(generation(pool, 120), stops_after=2)

        jobs.cancel_job(job=job, at=AT)

        pool.refresh_from_db()
        assert (job.state, pool.code_count, pool.codes.count()) == (JobState.CANCELLED, 50, 50)

    def test_keeps_the_terms_of_the_moment_when_it_was_asked_for(self, db):
        campaign = build_campaign(publish=True)
        pool = build_promo_code_pool(campaign=campaign, terms=PoolTerms.AS_ISSUED)
        job = generation(pool, 60)
        document = {**campaign.document, "name": "Changed since"}
        save_campaign(code=campaign.code, document=document, version=None, publish=True, user=None, at=AT)

        run(job)

        revisions = set(pool.codes.values_list("revision__number", flat=True))
        assert CampaignRevision.objects.count() == 2
        assert revisions == {1}

    def test_fails_with_a_sentence_when_the_pool_is_gone(self, db):
        pool = build_promo_code_pool()
        job = generation(pool, 60)
        pool.events.all().delete()
        pool.delete()

        assert run(job).state == JobState.FAILED
        assert job.error

    @pytest.mark.parametrize(
        ("count", "others", "refusal"),
        [
            (0, {}, refusals.TooManyCodes),
            (1_000_001, {}, refusals.TooManyCodes),
            (1, {"customer": "nobody"}, refusals.CustomerUnknown),
            (1, {"terms": codes.Terms(starts_at=AT, expires_at=AT)}, refusals.WindowEmpty),
        ],
    )
    def test_is_refused_before_anything_begins(self, db, count, others, refusal):
        with pytest.raises(refusal):
            generation(build_promo_code_pool(), count, **others)
        assert not Job.objects.exists()


class TestMembers:
    @pytest.fixture
    def grouping(self, db):
        return build_customer_grouping(customers=[build_customer() for _number in range(70)])

    def ask(self, pool, grouping, **others) -> Job:
        return promo_code_jobs.request_generation_for_members(
            pool=pool, grouping=grouping.code, terms=codes.Terms(), user=None, at=AT, **others
        )

    def test_get_one_code_each_that_nobody_else_can_use(self, grouping):
        pool = build_promo_code_pool()

        job = run(self.ask(pool, grouping))

        pool.refresh_from_db()
        owners = list(pool.codes.values_list("customer_id", flat=True))
        assert sorted(owners) == sorted(grouping.customers.values_list("pk", flat=True))
        assert (pool.code_count, job.result["created"], job.done) == (70, 70, 70)

    def test_get_one_each_also_when_the_worker_was_cut_off(self, grouping):
        pool = build_promo_code_pool()
        job = run(self.ask(pool, grouping), stops_after=2)

        run(job)

        owners = list(pool.codes.values_list("customer_id", flat=True))
        assert len(owners) == len(set(owners)) == 70

    def test_keep_the_one_they_have(self, grouping):
        pool = build_promo_code_pool()
        first, second = grouping.customers.all()[:2]
        codes.generate_codes(pool=pool, count=1, terms=codes.Terms(), customer=first, at=AT)
        codes.generate_codes(pool=pool, count=1, terms=codes.Terms(), customer=second, at=AT)
        pool.codes.filter(customer=second).update(used=1)

        job = run(self.ask(pool, grouping))

        assert pool.codes.filter(customer=first).count() == 1
        assert pool.codes.filter(customer=second).count() == 2
        assert (job.result["created"], job.result["had_one"]) == (69, 1)

    def test_of_an_unknown_grouping_are_refused(self, db):
        with pytest.raises(refusals.GroupingUnknown):
            promo_code_jobs.request_generation_for_members(
                pool=build_promo_code_pool(), grouping="none", terms=codes.Terms(), user=None, at=AT
            )


class TestExtension:
    def test_moves_the_end_of_every_code_that_has_uses_left(self, db):
        pool, other = build_promo_code_pool(codes=70), build_promo_code_pool(codes=1)
        spent, late = pool.codes.order_by("pk")[:2]
        PromoCode.objects.filter(pk=spent.pk).update(used=1)
        PromoCode.objects.filter(pk=late.pk).update(starts_at=AT + timedelta(days=9))
        end = AT + timedelta(days=5)

        job = run(promo_code_jobs.request_extension(pool=pool, expires_at=end, user=None, at=AT))

        assert pool.codes.filter(expires_at=end).count() == 68
        assert (job.state, job.result["changed"]) == (JobState.FINISHED, 68)
        assert set(pool.codes.filter(pk__in=[spent.pk, late.pk]).values_list("expires_at")) == {(None,)}
        assert other.codes.get().expires_at is None

    def test_goes_on_where_it_was_cut_off_and_leaves_newer_codes_alone(self, db):
        pool = build_promo_code_pool(codes=70)
        end = AT + timedelta(days=5)
        job = promo_code_jobs.request_extension(pool=pool, expires_at=end, user=None, at=AT)
        run(job, stops_after=2)
        codes.generate_codes(pool=pool, count=5, terms=codes.Terms(), at=AT)

        run(job)

        assert job.state == JobState.FINISHED
        assert pool.codes.filter(expires_at=end).count() == 70

    def test_without_an_end_opens_them_for_ever(self, db):
        pool = build_promo_code_pool(codes=3)
        pool.codes.update(expires_at=AT)

        run(promo_code_jobs.request_extension(pool=pool, expires_at=None, user=None, at=AT))

        assert not pool.codes.filter(expires_at__isnull=False).exists()


class TestHistory:
    def test_names_who_asked_for_what(self, db):
        pool, user = build_promo_code_pool(), build_user()

        generation(pool, 60, user=user)
        receive(pool, "A\n", add=True, user=user)

        events = pool.events.filter(user=user).order_by("pk")
        assert [(event.action, event.details.get("count")) for event in events] == [
            ("generated", 60),
            ("imported", None),
        ]


class TestLookUp:
    def test_goes_by_the_index_whatever_the_size_of_the_pool(self, db):
        build_promo_code_pool(codes=9_000)
        code = PromoCode.objects.first().code
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE campaigns_promocode")
            cursor.execute(
                "EXPLAIN SELECT id FROM campaigns_promocode WHERE code = ANY(%s)", [[code, "UNKNOWN"]]
            )
            plan = "\n".join(row[0] for row in cursor.fetchall())

        assert "Index" in plan
        assert "Seq Scan" not in plan

    def test_reads_a_page_of_codes_and_the_uses_of_a_pool_by_indexes_of_their_own(self, db):
        pool = build_promo_code_pool(codes=9_000)
        build_promo_code_pool(codes=9_000)
        PromoCode.objects.filter(pk=pool.codes.first().pk).update(used=1)
        asked = {
            "promo_code_by_pool": "SELECT id FROM campaigns_promocode WHERE pool_id = %s ORDER BY id DESC LIMIT 26",
            "promo_code_used_by_pool": "SELECT sum(used) FROM campaigns_promocode WHERE pool_id = %s AND used > 0",
        }
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE campaigns_promocode")
            for index, statement in asked.items():
                cursor.execute(f"EXPLAIN {statement}", [pool.pk])
                plan = "\n".join(row[0] for row in cursor.fetchall())
                assert "Seq Scan" not in plan
                assert "Sort" not in plan
                assert index in plan or "pkey" in plan
