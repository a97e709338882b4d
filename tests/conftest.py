"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# A shared CI machine may be slow for a moment, which says nothing about the code.
settings.register_profile("pulumi-cvc", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pulumi-cvc")
