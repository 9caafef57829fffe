"""The table of periodic jobs."""

from config.celery import JOBS, app


class TestJobs:
    def test_name_tasks_that_exist(self):
        app.loader.import_default_modules()

        assert {task for task, _when, _why in JOBS.values()} <= set(app.tasks)

    def test_each_say_why_they_run_that_often(self):
        assert all(why for _task, _when, why in JOBS.values())

    def test_run_on_a_clock_without_daylight_saving(self):
        assert app.conf.timezone == "UTC"

    def test_tasks_end_before_the_broker_hands_them_to_another_worker(self):
        assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]
