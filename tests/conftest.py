"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# A shared CI machine may be slow for a moment, which says nothing about the code.
settings.register_profile("pulumi-cvc", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pulumi-cvc")


def pytest_terminal_summary(terminalreporter):
    """Say plainly what a run without Pulumi has not shown."""
    skipped = terminalreporter.stats.get("skipped", [])
    without_pulumi = [report for report in skipped if "pulumi is not on PATH" in str(report.longrepr)]
    if without_pulumi:
        count = len(without_pulumi)
        terminalreporter.section(f"{count} tests skipped, pulumi is not on PATH: NOTHING RAN ON THE REAL ENGINE")
