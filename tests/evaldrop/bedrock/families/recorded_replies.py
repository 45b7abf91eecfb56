"""Replies in the shapes that models give them, and what each says: text, thinking, stop reason, error."""

from typing import Any, NamedTuple

THOUGHT = "The user wants a number. 6 x 7 could be 41? No."
CALL = {"correctness": {"score": 4}}


class Case(NamedTuple):
    """A raw reply, what a careful person reads as its text, and whether it thought."""

    raw: dict[str, Any]
    text: str = "42"
    thinks: bool = False
    stop: str | None = "end_turn"
    error: str | None = None


def body(**keys: Any) -> dict[str, Any]:
    return {"Body": keys, "ContentType": "application/json"}


def chat(message: Any, stop: str | None = "stop") -> dict[str, Any]:
    return body(
        id="c1",
        object="chat.completion",
        choices=[{"index": 0, "message": message, "finish_reason": stop}],
        usage={"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
    )


def said(content: Any, **more: Any) -> dict[str, Any]:
    return chat({"role": "assistant", "content": content, **more})


def converse(*blocks: Any, stop: str = "end_turn") -> dict[str, Any]:
    return {
        "Output": {"Message": {"Role": "assistant", "Content": list(blocks)}},
        "StopReason": stop,
        "Usage": {"InputTokens": 10, "OutputTokens": 20, "TotalTokens": 30},
        "Metrics": {"LatencyMs": 5},
    }


def messages(*blocks: Any, stop: str = "end_turn") -> dict[str, Any]:
    return body(type="message", role="assistant", content=list(blocks), stop_reason=stop,
                usage={"input_tokens": 10, "output_tokens": 20})  # fmt: skip


def nova(*blocks: Any, stop: str = "end_turn") -> dict[str, Any]:
    return body(output={"message": {"role": "assistant", "content": list(blocks)}}, stopReason=stop,
                usage={"inputTokens": 10, "outputTokens": 20})  # fmt: skip


def llama(generation: Any, stop: str = "stop") -> dict[str, Any]:
    return body(generation=generation, prompt_token_count=10, generation_token_count=20, stop_reason=stop)


CONVERSE = {
    "text": Case(converse({"Text": "42"})),
    "texts in several blocks": Case(converse({"Text": "4"}, {"Text": "2"})),
    "reasoning before": Case(
        converse({"ReasoningContent": {"ReasoningText": {"Text": THOUGHT}}}, {"Text": "42"}),
        thinks=True,
    ),
    "redacted reasoning": Case(
        converse({"ReasoningContent": {"RedactedContent": "AA=="}}, {"Text": "42"}), thinks=True
    ),
    "citations": Case(
        converse(
            {"Text": "4"},
            {"CitationsContent": {"Content": [{"Text": "2"}], "Citations": [{"Title": "Numbers"}]}},
        )
    ),
    "thinking in the text": Case(converse({"Text": f"<thinking>{THOUGHT}</thinking>\n42"}), thinks=True),
    "a thought over blocks": Case(
        converse({"Text": f"<think>{THOUGHT}"}, {"Text": "</think>42"}), thinks=True
    ),
    "tool only": Case(
        converse({"ToolUse": {"ToolUseId": "t", "Name": "n", "Input": CALL}}, stop="tool_use"),
        text="", stop="tool_use",
    ),
    "nothing": Case(converse(), text=""),
    "thoughts to the end": Case(
        converse({"ReasoningContent": {"ReasoningText": {"Text": THOUGHT}}}, stop="max_tokens"),
        text="", thinks=True, stop="max_tokens",
    ),
    "context full": Case(
        converse({"Text": "forty-"}, stop="model_context_window_exceeded"),
        text="forty-", stop="model_context_window_exceeded",
    ),
    "malformed output": Case(
        converse(stop="malformed_model_output"),
        text="", stop="malformed_model_output", error="malformed_model_output",
    ),
    "malformed tool use": Case(
        converse({"Text": "<function_calls>"}, stop="malformed_tool_use"),
        text="<function_calls>", stop="malformed_tool_use", error="malformed_tool_use",
    ),
    "server's error": Case(converse({"Text": "4"}, stop="error"), text="4", stop="error", error="error"),
    "filtered": Case(converse({"Text": "4"}, stop="content_filtered"), text="4", stop="content_filtered"),
    "a stop reason of tomorrow": Case(converse({"Text": "42"}, stop="bored"), stop="bored"),
    "no message": Case({"StopReason": "end_turn"}, text="", error="UnknownReplyLayout"),
    "no content": Case(
        {"Output": {"Message": {"Role": "assistant"}}}, text="", stop=None, error="UnknownReplyLayout"
    ),
    "blocks of an unknown kind": Case(
        converse({"Hologram": {"Uri": "x"}}), text="", error="UnknownReplyLayout"
    ),
}  # fmt: skip

BODIES = {
    "anthropic": Case(messages({"type": "text", "text": "42"})),
    "anthropic cites": Case(
        messages(
            {"type": "text", "text": "4"},
            {"type": "text", "text": "2", "citations": [{"type": "char_location", "cited_text": "two"}]},
        )
    ),
    "anthropic thinks": Case(
        messages(
            {"type": "thinking", "thinking": THOUGHT, "signature": "x"},
            {"type": "redacted_thinking", "data": "AA=="},
            {"type": "text", "text": "42"},
        ),
        thinks=True,
    ),
    "anthropic thinks in its text": Case(
        messages({"type": "text", "text": f"<thinking>\n{THOUGHT}\n</thinking>\n\n42"}), thinks=True
    ),
    "anthropic calls": Case(
        messages({"type": "tool_use", "id": "t", "name": "n", "input": CALL}, stop="tool_use"),
        text="", stop="tool_use",
    ),
    "anthropic refuses": Case(messages(stop="refusal"), text="", stop="refusal"),
    "anthropic full": Case(
        messages({"type": "text", "text": "4"}, stop="model_context_window_exceeded"),
        text="4", stop="model_context_window_exceeded",
    ),
    "nova": Case(nova({"text": "42"})),
    "nova reasons": Case(
        nova({"reasoningContent": {"reasoningText": {"text": THOUGHT}}}, {"text": "42"}), thinks=True
    ),
    "nova cites": Case(nova({"text": "4"}, {"citationsContent": {"content": [{"text": "2"}]}})),
    "nova thinks in its text": Case(nova({"text": f"<thinking> {THOUGHT}</thinking>\n42"}), thinks=True),
    "nova malformed": Case(
        nova(stop="malformed_tool_use"), text="", stop="malformed_tool_use", error="malformed_tool_use"
    ),
    "titan": Case(
        body(
            inputTextTokenCount=10,
            results=[{"tokenCount": 20, "outputText": "\n42", "completionReason": "FINISH"}],
        ),
        text="\n42",
    ),
    "titan cut": Case(
        body(results=[{"outputText": "4", "completionReason": "LENGTH"}]), text="4", stop="max_tokens"
    ),
    "titan filtered": Case(
        body(results=[{"outputText": "4", "completionReason": "CONTENT_FILTERED"}]),
        text="4", stop="content_filtered",
    ),
    "llama": Case(llama("42")),
    "imported, thinks": Case(llama(f"<think>\n{THOUGHT}\n</think>\n\n42"), thinks=True),
    "imported, opened in its template": Case(llama(f"{THOUGHT}\n</think>\n\n42"), thinks=True),
    "llama says nothing": Case(llama(None), text=""),
    "mistral": Case(body(outputs=[{"text": " 42", "stop_reason": "stop"}]), text=" 42"),
    "mistral cut": Case(body(outputs=[{"text": "4", "stop_reason": "length"}]), text="4", stop="max_tokens"),
    "mistral's chat": Case(
        body(choices=[{"index": 0, "message": {"role": "assistant", "content": "42"}, "stop_reason": "stop"}])
    ),
    "pixtral's parts": Case(said([{"type": "text", "text": "4"}, {"type": "text", "text": "2"}])),
    "magistral's parts": Case(
        said(
            [
                {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}], "closed": True},
                {"type": "text", "text": "42"},
            ]
        ),
        thinks=True,
    ),
    "magistral's marks": Case(said(f"[THINK]{THOUGHT}[/THINK]42"), thinks=True),
    "model_length": Case(chat({"content": "4"}, "model_length"), text="4", stop="max_tokens"),
    "gpt-oss": Case(said(f"<reasoning>{THOUGHT}</reasoning>42"), thinks=True),
    "gpt-oss in harmony": Case(
        said(
            f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>"
            "42<|return|>"
        ),
        thinks=True,
    ),
    "gpt-oss, marks lost": Case(said(f"analysis{THOUGHT}assistantfinal42"), thinks=True),
    "qwen": Case(said(f"<think>\n{THOUGHT}\n</think>\n\n42"), thinks=True),
    "qwen told not to think": Case(said("<think>\n\n</think>\n\n42")),
    "deepseek r1": Case(
        body(choices=[{"text": f"{THOUGHT}\n</think>\n\n42", "stop_reason": "stop"}]), thinks=True
    ),
    "deepseek r1 cut": Case(
        body(choices=[{"text": "forty-", "stop_reason": "length"}]), text="forty-", stop="max_tokens"
    ),
    "reasoning_content": Case(said("42", reasoning_content=THOUGHT), thinks=True),
    "reasoning": Case(said("42", reasoning=THOUGHT, reasoning_content=None), thinks=True),
    "only reasoning": Case(
        chat({"role": "assistant", "content": None, "reasoning_content": THOUGHT}, "length"),
        text="", thinks=True, stop="max_tokens",
    ),
    "minimax, moonshot, gemma, nemotron, writer, jamba": Case(said("42", refusal=None, tool_calls=None)),
    "gemma thinks": Case(said(f"<|channel>thought\n{THOUGHT}<channel|>42"), thinks=True),
    "kimi thinks": Case(said(f"◁think▷{THOUGHT}◁/think▷42"), thinks=True),
    "openai refuses": Case(said(None, refusal="I cannot."), text="I cannot.", stop="refusal"),
    "content filter": Case(chat({"content": ""}, "content_filter"), text="", stop="content_filtered"),
    "finish_reason error": Case(chat({"content": "4"}, "error"), text="4", stop="error", error="error"),
    "a server that gave up": Case(chat({"content": "4"}, "abort"), text="4", stop="error", error="error"),
    "a malformed call": Case(
        chat({"content": ""}, "malformed_function_call"),
        text="", stop="malformed_tool_use", error="malformed_tool_use",
    ),
    "chat calls": Case(
        chat({"content": None, "tool_calls": [{"function": {"name": "n", "arguments": "{}"}}]}, "tool_calls"),
        text="", stop="tool_use",
    ),
    "several choices": Case(
        body(
            choices=[
                {"message": {"content": "42"}, "finish_reason": "stop"},
                {"message": {"content": "43"}, "finish_reason": "length"},
            ]
        )
    ),
    "command r": Case(
        body(text="42", generation_id="g", finish_reason="COMPLETE", chat_history=[{"message": "hi"}])
    ),
    "command r cut": Case(body(text="4", finish_reason="MAX_TOKENS"), text="4", stop="max_tokens"),
    "command r full": Case(
        body(text="4", finish_reason="ERROR_LIMIT"), text="4", stop="model_context_window_exceeded"
    ),
    "command r error": Case(body(text="", finish_reason="ERROR"), text="", stop="error", error="error"),
    "command": Case(body(generations=[{"id": "g", "text": "42", "finish_reason": "COMPLETE"}], prompt="?")),
    "command toxic": Case(
        body(generations=[{"text": "4", "finish_reason": "ERROR_TOXIC"}]), text="4", stop="content_filtered"
    ),
    "jurassic": Case(
        body(
            id=1,
            prompt={"text": "?", "tokens": [{}] * 10},
            completions=[{"data": {"text": "42", "tokens": [{}]}, "finishReason": {"reason": "endoftext"}}],
        )
    ),
    "unheard of": Case(
        body(answer={"words": ["42"]}), text="", stop=None, error="UnknownReplyLayout"
    ),
    "a message of unheard keys": Case(
        chat({"role": "assistant", "parts": ["42"]}), text="", stop=None, error="UnknownReplyLayout"
    ),
    "parts of an unheard kind": Case(
        said([{"type": "hologram", "uri": "x"}]), text="", stop=None, error="UnknownReplyLayout"
    ),
    "no choices": Case(body(choices=[]), text="", stop=None, error="UnknownReplyLayout"),
    "no outputs": Case(body(outputs=[]), text="", stop=None, error="UnknownReplyLayout"),
    "a number for a text": Case(llama(42), text="", stop=None, error="UnknownReplyLayout"),
    "content of another kind": Case(
        body(content=[{"kind": "text", "value": "42"}]), text="", stop=None, error="UnknownReplyLayout"
    ),
    "an output of another kind": Case(
        body(output=[{"type": "message"}]), text="", stop=None, error="UnknownReplyLayout"
    ),
    "nothing at all": Case(body(), text="", stop=None, error="UnknownReplyLayout"),
    "no JSON": Case({"Body": "<html>"}, text="", stop=None, error="UnknownReplyLayout"),
}  # fmt: skip

TEXTS = {
    "plain": ("42", "42"),
    "several thoughts": ("<think>a</think>\n<think>b</think>\n42", "42"),
    "another case": ("<Think>a</Think>42", "42"),
    "never closed": ("<think>a", ""),
    "closed by another": ("<think>a</thinking>42", "42"),
    "one in another": ("<thinking>a <reasoning>b</reasoning> c</thinking>42", "42"),
    "a thought of tags": ("<think>The <think> tag?</think>42", "42"),
    "a maker's own tag": ("<seed:think>a</seed:think>42", "42"),
    "thought": ("<thought>\na\n</thought>\n42", "42"),
    "with attributes": ('<think effort="high">a</think>42', "42"),
    "solution marks": (
        "<|begin_of_thought|>a<|end_of_thought|>\n<|begin_of_solution|>42<|end_of_solution|>", "42",
    ),
    "command a": ("<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>42<|END_RESPONSE|>", "42"),
    "orphan [/THINK]": ("a\n[/THINK]\n42", "42"),
    "orphan </reasoning>": ("a</reasoning>42", "42"),
    "orphan end of harmony": ("a<|end|><|start|>assistant<|channel|>final<|message|>42<|return|>", "42"),
    "harmony, analysis only": ("<|channel|>analysis<|message|>a", ""),
    "harmony, with a start": (
        "<|start|>assistant<|channel|>analysis<|message|>a<|channel|>final<|constrain|>json<|message|>42",
        "42",
    ),
    "harmony, final only": ("<|channel|>final<|message|>42<|return|>", "42"),
    "later, on its own line": ("Sure.\n<thinking>\na\n</thinking>\n42", "Sure.\n42"),
    "later, with carriage returns": ("Sure.\r\n<think>a</think>\r\n42", "Sure.\r\n42"),
    "later [THINK]": ("Sure.\n[THINK]a[b][/THINK]\n42", "Sure.\n42"),
    "spoken of": ("Use <think> and </think> around it.", "Use <think> and </think> around it."),
    "quoted": ("`<think>` opens, `</think>` closes.", "`<think>` opens, `</think>` closes."),
    "in code": ("Write:\n```\n<think>\na\n</think>\n```\nok", "Write:\n```\n<think>\na\n</think>\n```\nok"),
    "another tag": ("<thinking_mode>on</thinking_mode>", "<thinking_mode>on</thinking_mode>"),
    "a mark of an end alone": ("42<|end|>", "42<|end|>"),
    "html": ("I <b>think</b> so.", "I <b>think</b> so."),
    "blanks stay": (" 42 \n", " 42 \n"),
    "no blanks before an answer": ("<think>a</think>\n\n 42 ", "42 "),
    "a dollar": ("<think>a</think>$1 and $$ and \\1", "$1 and $$ and \\1"),
    "other scripts": ("<think>考え</think>四十二 ½ 😀", "四十二 ½ 😀"),
}  # fmt: skip
