"""Read Map states: inline and distributed, with reader, batcher and writer."""

import hashlib
from collections.abc import Callable
from typing import Any

from evaldrop.engine import machine
from evaldrop.engine.definition.fields import Fields
from evaldrop.engine.definition.resources import strip_prefix
from evaldrop.engine.definition.transitions import parse_exit, parse_handlers
from evaldrop.engine.payloads import LIMIT_BYTES
from evaldrop.engine.queries import is_array

READER, LISTING, WRITER = "s3:getObject", "s3:listObjectsV2", "s3:putObject"
DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
DISTRIBUTED_ONLY = (
    "ItemReader", "ItemBatcher", "ResultWriter", "Label",
)  # fmt: skip


def parse_map(name: str, fields: Fields, parse_flow: Callable[[Fields], machine.Flow]) -> machine.State:
    """Read a Map state, of either mode."""
    processor = fields.inner("ItemProcessor", required=True)
    if processor is None:
        # With problems of its own, which nobody reads: that it is missing has been reported.
        processor = Fields({}, fields.at("ItemProcessor"), type(fields.problems)())
    mode, express = _processor_config(processor)
    flow = parse_flow(processor)
    processor.finish("an ItemProcessor")
    if fields.has("Items") and fields.has("ItemReader"):
        fields.problems.add(fields.path, "has both Items and ItemReader")
    shared: dict[str, Any] = {
        "name": name,
        "items": fields.typed_template("Items", is_array, "an array"),
        "item_selector": fields.template("ItemSelector"),
        "max_concurrency": fields.number_template("MaxConcurrency", minimum=0),
        "tolerated_count": fields.number_template("ToleratedFailureCount", minimum=0),
        "tolerated_percentage": fields.number_template(
            "ToleratedFailurePercentage", minimum=0, maximum=100, whole=False
        ),
        "processor": flow,
        "uses_context": True,
    }
    if mode == "INLINE":
        fields.refuse(DISTRIBUTED_ONLY, "belongs to a distributed Map (ItemProcessor.ProcessorConfig.Mode)")
        return machine.InlineMap(**shared, exit=parse_exit(fields), handlers=parse_handlers(fields))
    shared |= {**_distributed(name, fields), "express": express}
    return machine.DistributedMap(**shared, exit=parse_exit(fields), handlers=parse_handlers(fields))


def _processor_config(processor: Fields) -> tuple[str, bool]:
    config = processor.inner("ProcessorConfig")
    if config is None:
        return "INLINE", False
    mode = config.choice("Mode", ("INLINE", "DISTRIBUTED"), "INLINE")
    has_type = config.has("ExecutionType")
    kind = config.choice("ExecutionType", ("EXPRESS", "STANDARD"), "STANDARD")
    if mode == "DISTRIBUTED" and not has_type:
        config.problems.add(
            config.path, "ExecutionType is missing; a distributed Map needs EXPRESS or STANDARD"
        )
    if mode == "INLINE" and has_type:
        config.complain("ExecutionType", "belongs to Mode DISTRIBUTED")
    config.finish("a ProcessorConfig")
    return mode, kind == "EXPRESS"


def _distributed(name: str, fields: Fields) -> dict[str, Any]:
    label = fields.text("Label")
    if label is not None and (
        not label or len(label) > 40 or any(c in ' ?*<>{}[]:;,\\|^~$#%&`"' for c in label)
    ):
        fields.complain("Label", 'has at most 40 characters, no spaces and none of ?*<>{}[]:;,\\|^~$#%&`"')
    return {
        "reader": _reader(fields.inner("ItemReader")),
        "batcher": _batcher(fields.inner("ItemBatcher")),
        "writer": _writer(fields.inner("ResultWriter")),
        # The same in every run, and within the 40 characters a label has: ARNs of children hold it.
        "label": label or f"{name[:31]}{hashlib.sha256(name.encode()).hexdigest()[:8]}",
    }


def _object_arguments(fields: Fields, names: tuple[str, ...], required: tuple[str, ...]) -> Any:
    template = fields.object_template("Arguments", required=True)
    if template is not None and isinstance(template.literal, dict):
        for name in template.literal:
            if name not in names:
                fields.complain("Arguments", f"unknown argument {name}; it takes {' and '.join(names)}")
        for name in required:
            if name not in template.literal:
                fields.complain("Arguments", f"{name} is missing")
    return template


def _resource(fields: Fields, *known: str) -> str:
    arn = fields.text("Resource", required=True)
    if arn is not None and strip_prefix(arn) not in known:
        names = " and ".join(f"arn:aws:states:::{name}" for name in known)
        fields.complain("Resource", f"{arn!r} is not supported; {names} {'are' if known[1:] else 'is'}")
    return known[0] if arn is None else strip_prefix(arn)


def _reader(fields: Fields | None) -> machine.ItemReader | None:
    if fields is None:
        return None
    is_listing = _resource(fields, READER, LISTING) == LISTING
    names = (("Bucket", "Prefix"), ("Bucket",)) if is_listing else (("Bucket", "Key"), ("Bucket", "Key"))
    arguments = _object_arguments(fields, *names)
    config = fields.inner("ReaderConfig") or Fields({}, fields.at("ReaderConfig"), fields.problems)
    if is_listing:
        is_read = config.choice("Transformation", ("NONE", "LOAD_AND_FLATTEN"), "NONE") == "LOAD_AND_FLATTEN"
    else:
        is_read = True
        config.refuse(("Transformation",), f"belongs to {LISTING}")
    kind = config.choice("InputType", ("CSV", "JSON", "JSONL"), required=True) if is_read else ""
    if not is_read:
        config.refuse(("InputType",), "belongs to Transformation LOAD_AND_FLATTEN")
    reader: dict[str, Any] = {
        "input_type": (kind or "JSONL") if is_read else None,
        "lists": is_listing,
        "max_items": config.number_template("MaxItems", minimum=0, maximum=100_000_000),
        "items_pointer": _items_pointer(config, kind),
        **_csv(config, kind),
    }
    config.finish("a ReaderConfig")
    fields.finish("an ItemReader")
    return None if arguments is None else machine.ItemReader(arguments=arguments, **reader)


def _items_pointer(config: Fields, kind: str) -> str:
    if config.has("ItemsPointer") and kind != "JSON":
        config.complain("ItemsPointer", "belongs to InputType JSON")
    pointer = config.text("ItemsPointer") or ""
    if pointer and not pointer.startswith("/"):
        config.complain("ItemsPointer", "a JSON pointer starts with /")
    return pointer


def _csv(config: Fields, kind: str) -> dict[str, Any]:
    if kind != "CSV":
        config.refuse(("CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"), "belongs to InputType CSV")
        return {}
    location = config.choice("CSVHeaderLocation", ("FIRST_ROW", "GIVEN"), required=True)
    if location == "FIRST_ROW" and config.has("CSVHeaders"):
        config.complain("CSVHeaders", "belongs to CSVHeaderLocation GIVEN")
    headers = config.texts("CSVHeaders", required=location == "GIVEN")
    delimiter = config.choice("CSVDelimiter", tuple(DELIMITERS), "COMMA")
    return {"csv_headers": headers or None, "csv_delimiter": DELIMITERS[delimiter]}


def _batcher(fields: Fields | None) -> machine.ItemBatcher | None:
    if fields is None:
        return None
    batcher = machine.ItemBatcher(
        max_items=fields.number_template("MaxItemsPerBatch", minimum=1),
        max_bytes=fields.number_template("MaxInputBytesPerBatch", minimum=1, maximum=LIMIT_BYTES),
        batch_input=fields.object_template("BatchInput"),
    )
    if batcher.max_items is None and batcher.max_bytes is None:
        fields.problems.add(fields.path, "needs MaxItemsPerBatch or MaxInputBytesPerBatch")
    fields.finish("an ItemBatcher")
    return batcher


def _writer(fields: Fields | None) -> machine.ResultWriter | None:
    if fields is None:
        return None
    arguments = None
    if fields.has("Resource") or fields.has("Arguments"):
        _resource(fields, WRITER)
        arguments = _object_arguments(fields, ("Bucket", "Prefix"), ("Bucket",))
    elif not fields.has("WriterConfig"):
        fields.problems.add(fields.path, "needs Resource and Arguments, or WriterConfig")
    config = fields.inner("WriterConfig") or Fields({}, fields.at("WriterConfig"), fields.problems)
    writer = machine.ResultWriter(
        arguments=arguments,
        transformation=config.choice("Transformation", ("NONE", "COMPACT", "FLATTEN"), "NONE"),
        output_type=config.choice("OutputType", ("JSON", "JSONL"), "JSON"),
    )
    config.finish("a WriterConfig")
    fields.finish("a ResultWriter")
    return writer
