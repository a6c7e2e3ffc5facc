"""The curl examples of the specification, as they are written there, against a running demo."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator

import pytest

from acceptance.commands import Workplace

EXAMPLES = {
    "connection": """
curl -X GET http://localhost:4000/api/woocommerce-sync/connection/test
""",
    "full sync": """
curl -X POST http://localhost:4000/api/woocommerce-sync/sync/full \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \\
  -d '{"direction": "pull", "force": true, "batchSize": 10}'
""",
    "status": """
curl -X GET http://localhost:4000/api/woocommerce-sync/status \\
  -H "Authorization: Bearer YOUR_JWT_TOKEN"
""",
    "webhook": """
curl -X POST http://localhost:4000/api/woocommerce-sync/webhook/test \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \\
  -d '{
    "event": "product.updated",
    "data": {
      "id": 123,
      "name": "Test Product",
      "stock_quantity": 50
    }
  }'
""",
    "logs": """
curl -X GET http://localhost:4000/api/woocommerce-sync/history?event_type=failed \\
  -H "Authorization: Bearer YOUR_JWT_TOKEN"
""",
}
SIZES = ("--products", "60", "--variable", "4", "--customers", "20", "--orders", "20")
PATIENCE = 90.0


@pytest.fixture
async def demo(embedded_work: Workplace) -> AsyncIterator[tuple[str, str]]:
    """Run the demo at any free port; give its address and its token."""
    process = await embedded_work.start("demo", "--port", "0", *SIZES)
    assert process.stdout is not None
    try:
        said = ""
        async with asyncio.timeout(PATIENCE):
            while not (token := re.search(r"YOUR_JWT_TOKEN: (\S+)", said)):
                line = await process.stdout.readline()
                assert line, said
                said += line.decode()
        address = re.search(r"served at (\S+),", said)
        assert address is not None
        yield address[1], token[1]
    finally:
        process.terminate()
        await process.communicate()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples need curl")
async def test_the_examples_of_the_specification_work_as_written(demo: tuple[str, str]) -> None:
    address, token = demo
    for name, example in EXAMPLES.items():
        command = example.replace("http://localhost:4000", address)
        command = command.strip().replace("curl ", "curl --silent --show-error --fail ", 1)
        process = await asyncio.create_subprocess_shell(
            command.replace("YOUR_JWT_TOKEN", token),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode == 0, (name, out, err)
        assert isinstance(json.loads(out), dict), name
