"""How fast mails are signed with DKIM, beside the bare private operation in the same run. Prints one JSON line.

    ./tashika bench dkim [--quick] [--json]

The mail is that of `bench/compile.py`: HTML and text, about 9 kB, signed over the fields that Tashika covers. Bare
operation and signing take turns in short slices, and one-thread rates are per second of CPU, so that a busy machine
does not tilt the ratio. `dkimpy`, where it is installed (a test dependency), stands for a general library.
"""

import argparse
import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from bench import compile as compiling
from tashika.delivery.dkim.beside import sign_beside
from tashika.delivery.dkim.signing import Signer
from tashika.mails.compiling import compile_mail

Act = Callable[[], object]
SLICE = 0.2  # seconds


def message() -> bytes:
    """One mail as the engine builds it."""
    mail = compile_mail(compiling.body(conditional=False), organisation=compiling.ORGANISATION)
    return mail.build(compiling.recipient(1), compiling.NOW)


def in_turns(acts: dict[str, Act], seconds: float) -> dict[str, float]:
    """Runs of each act per second of CPU of this thread, each for that long in all, in slices by turns."""
    counts, spent = dict.fromkeys(acts, 0), dict.fromkeys(acts, 0.0)
    while min(spent.values()) < seconds:
        for name, act in acts.items():
            start = time.thread_time()
            while (now := time.thread_time()) - start < SLICE:
                for _ in range(10):
                    act()
                counts[name] += 10
            spent[name] += now - start
    return {name: counts[name] / spent[name] for name in acts}


def in_threads(act: Act, threads: int, seconds: float) -> float:
    """Runs per second of wall clock in so many threads."""
    counts = [0] * threads
    end = time.perf_counter() + seconds

    def work(index: int) -> None:
        while time.perf_counter() < end:
            act()
            counts[index] += 1

    workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / seconds


async def on_the_loop(signer: Signer, mail: bytes, seconds: float, *, beside: bool) -> tuple[float, float]:
    """Mails per second from ten tasks of one event loop, and the longest time in ms that the loop was not free."""
    end, count, longest = time.perf_counter() + seconds, 0, 0.0

    async def carry() -> None:
        nonlocal count
        while time.perf_counter() < end:
            if beside:
                await sign_beside(signer, mail)
            else:
                signer.sign(mail)
                await asyncio.sleep(0)
            count += 1

    async def watch() -> None:
        nonlocal longest
        while time.perf_counter() < end:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    await asyncio.gather(watch(), *(carry() for _ in range(10)))
    return count / seconds, longest * 1000


def by_dkimpy(mail: bytes, key: rsa.RSAPrivateKey) -> Act | None:
    """The same signature by a general library; None where it is not installed."""
    if not find_spec("dkim"):
        return None
    import dkim

    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return lambda: dkim.sign(mail, b"s", b"example.jp", pem, canonicalize=(b"relaxed", b"relaxed"))


def measure(seconds: float) -> dict[str, object]:
    """All figures."""
    mail = message()
    big, small = rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()
    signers = {"rsa2048": Signer("example.jp", "r", big), "ed25519": Signer("example.jp", "e", small)}
    digest, pkcs1, sha256 = hashlib.sha256(mail).digest(), padding.PKCS1v15(), hashes.SHA256()
    raw: dict[str, Act] = {
        "rsa2048": lambda: big.sign(digest, pkcs1, sha256),
        "ed25519": lambda: small.sign(digest),
    }
    figures: dict[str, object] = {"message_bytes": len(mail)}
    for name, signer in signers.items():
        acts: dict[str, Act] = {"raw": raw[name], "sign": lambda signer=signer: signer.sign(mail)}
        rates = in_turns(acts, seconds)
        found: dict[str, float] = {
            "raw_per_cpu_second": round(rates["raw"]),
            "mails_per_cpu_second": round(rates["sign"]),
            "ratio_raw": round(rates["sign"] / rates["raw"], 3),
        }
        for threads in (1, 2):
            found[f"mails_per_second_{threads}_threads"] = round(in_threads(acts["sign"], threads, seconds))
        for beside in (False, True):
            rate, lag = asyncio.run(on_the_loop(signer, mail, seconds, beside=beside))
            place = "beside_loop" if beside else "on_loop"
            found[f"mails_per_second_{place}"], found[f"longest_lag_ms_{place}"] = round(rate), round(lag, 1)
        figures[name] = found
        print(f"{name}: {found}", flush=True)
    general = by_dkimpy(mail, big)
    if general:
        figures["dkimpy_rsa2048_per_cpu_second"] = round(in_turns({"dkimpy": general}, seconds / 2)["dkimpy"])
    return figures


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Signing with DKIM.")
    parser.add_argument("--quick", action="store_true", help="about 15 s instead of a minute")
    parser.add_argument("--json", action="store_true", help="kept for all benchmarks: the last line always is JSON")
    figures = measure(1.0 if parser.parse_args().quick else 5.0)
    print(json.dumps({"bench": "dkim", **figures}))


if __name__ == "__main__":
    main()
