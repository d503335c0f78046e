"""LiteLLM's `Router` behind commands: requests and answers in, calls and ends out."""

from __future__ import annotations

import random
from contextvars import copy_context
from traceback import format_exc
from typing import TYPE_CHECKING, Any

from wayfare.litellm.hosted.transport import HOST, CallTransport, OpenCalls
from wayfare.litellm.hosted.virtual_loop import REQUEST

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from wayfare.litellm.hosted.virtual_loop import VirtualLoop

MESSAGE_TOKENS = 7
"""What LiteLLM's token counter adds to the content of one message of a user."""
PRICES = ("input_cost_per_token", "output_cost_per_token")
LIMITS = ("max_tokens", "max_input_tokens", "max_output_tokens")


class Gateway:
    """One router and its requests under way.

    Attributes:
        fatal: what makes the run meaningless, if anything happened that does.
    """

    def __init__(self, loop: VirtualLoop, opening: Mapping[str, Any]) -> None:
        """Makes the router as the opening says; it draws from `random`, seeded anew."""
        import httpx
        import litellm

        self.fatal = ""
        self._loop = loop
        self._calls = OpenCalls()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        litellm.suppress_debug_info = True
        litellm.telemetry = False
        for key, value in opening["module"].items():
            setattr(litellm, key, value)
        transport = CallTransport(self._calls, self.tell)
        litellm.aclient_session = httpx.AsyncClient(transport=transport, timeout=None)  # noqa: S113
        random.seed(opening["seed"])
        self._router = litellm.Router(model_list=model_list(opening["entries"]), **opening["router"])
        self._refusals = refusals()

    def tell(self, text: str) -> None:
        """Keeps the first thing that makes the run meaningless."""
        self.fatal = self.fatal or text

    def act(self, message: Mapping[str, Any]) -> dict[str, object]:
        """Advances to the message's instant, does what it says; answers with what follows from it."""
        if message["now_s"] is not None:
            self._loop.advance(message["now_s"])
        request = message["request"]
        getattr(self, f"_{message['kind']}")(request, message)
        self._loop.advance(self._loop.time())
        commands, self._calls.commands = self._calls.commands, []
        return {"commands": commands, "until_s": self._loop.next_timer_s(request), "fatal": self.fatal}

    def _arrive(self, request: int, message: Mapping[str, Any]) -> None:
        """A request comes."""
        context = copy_context()
        context.run(REQUEST.set, request)
        work = self._serve(request, message["group"], message["prompt"], message["limit"])
        self._tasks[request] = self._loop.create_task(work, context=context)

    def _answer(self, _request: int, message: Mapping[str, Any]) -> None:
        """A call is answered; the router may have given it up."""
        future = self._calls.waiting.get(message["call"])
        if future is not None and not future.done():
            future.set_result(message["answer"])

    def _wake(self, request: int, message: Mapping[str, Any]) -> None:
        """A timer is due: advancing was all."""

    def _leave(self, request: int, _message: Mapping[str, Any]) -> None:
        """The client of a request hangs up."""
        task = self._tasks.pop(request, None)
        if task is not None:
            task.cancel()
        self._loop.forget(request)

    async def _serve(self, request: int, group: str, prompt: int, limit: int) -> None:
        """Has the router answer a request, and says how that ended."""
        words = " ".join(["a"] * max(prompt - MESSAGE_TOKENS, 1))
        messages = [{"role": "user", "content": words}]
        try:
            answer = await self._router.acompletion(model=group, messages=messages, max_tokens=limit)
            self._end(request, "finish", int(answer.id))
        except self._refusals as error:
            self._end(request, "fail", type(error).__name__)
        except Exception:  # noqa: BLE001  (told to the simulation, which fails the run)
            self.tell(f"the router raised\n{format_exc()}")

    def _end(self, request: int, how: str, what: object) -> None:
        """A request is over."""
        self._calls.commands.append([request, how, what])
        self._tasks.pop(request, None)
        self._loop.forget(request)


def refusals() -> tuple[type[Exception], ...]:
    """What a router raises when it gives a request up; anything else is a fault."""
    import openai
    from litellm.types import router

    own = ("RouterRateLimitError", "RouterRateLimitErrorBasic")
    return (openai.APIError, *(getattr(router, name) for name in own if hasattr(router, name)))


def model_list(entries: list[Mapping[str, Any]]) -> list[dict[str, object]]:
    """The entries as LiteLLM reads them; every one speaks OpenAI's protocol, to no real address."""
    return [deployment(number, entry) for number, entry in enumerate(entries)]


def deployment(number: int, entry: Mapping[str, Any]) -> dict[str, object]:
    """One entry: what LiteLLM knows of the model's price and context stays, under the stand-in's name.

    Facts are stated only where the stand-in's own differ: a price in an entry costs every request a table.
    """
    stand_in = f"openai/{entry['model'].rpartition('/')[2]}"
    prices = differing(PRICES, priced(entry["model"]), priced(stand_in))
    limits = differing(LIMITS, known_facts(entry["model"]), known_facts(stand_in))
    params = {
        **prices,
        **entry["settings"],
        "model": stand_in,
        "api_base": f"http://{HOST.format(number)}/v1",
        "api_key": "simulated",
    }
    info = {**limits, **entry["info"], "id": entry["id"]}
    return {"model_name": entry["group"], "litellm_params": params, "model_info": info}


def differing(
    keys: tuple[str, ...], known: Mapping[str, Any], others: Mapping[str, Any]
) -> dict[str, object]:
    """Those of the facts that are known and not the same elsewhere."""
    return {key: known[key] for key in keys if known.get(key) is not None and known[key] != others.get(key)}


def priced(model: str) -> Mapping[str, Any]:
    """LiteLLM's line on the very name: `cost-based-routing` asks for no other."""
    import litellm

    return litellm.model_cost.get(model) or {}


def known_facts(model: str) -> Mapping[str, Any]:
    """What LiteLLM's own table says of a model, with or without its provider; nothing where it lacks it."""
    return priced(model) or priced(model.partition("/")[2])
