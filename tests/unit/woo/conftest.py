"""Property tests here run beside others on a busy machine: no deadline an example."""

import hypothesis

hypothesis.settings.register_profile("calm", deadline=None)
hypothesis.settings.load_profile("calm")
