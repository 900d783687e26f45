"""Whoever asks the public server in a benchmark: reads lists of bodies, a line each, and tells the verdicts that came back."""

import http.client
import json
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

_CONNECTIONS = 4


def _ask(port: int, bodies: Sequence[str]) -> list[bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    answers = []
    for body in bodies:
        connection.request("POST", "/api/verify", body.encode(), {"Content-Type": "application/json"})
        answers.append(connection.getresponse().read())
    connection.close()
    return answers


def main(port: int) -> None:
    """Answer each line of the standard input with a line."""
    for line in sys.stdin:
        bodies = json.loads(line)
        shares = [bodies[start::_CONNECTIONS] for start in range(_CONNECTIONS)]
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            answers = [one for share in pool.map(lambda part: _ask(port, part), shares) for one in share]
        verdicts = Counter(json.loads(one)["verdict"] for answer in answers for one in answer.splitlines())
        print(json.dumps(verdicts), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
