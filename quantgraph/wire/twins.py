"""Twins: messages with byte strings for packed columns, the same as the published ones on the wire.

A packed repeated fixed-width field is on the wire exactly a length-delimited byte string. The
contract stays typed, so that any language's stock client reads it; inside, a private copy of the
same descriptors with `bytes` in those fields lets numpy write and read a column as one block.
"""

from collections.abc import Mapping
from functools import cache
from typing import TypeVar, cast

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import Message

from quantgraph.v1 import bars_pb2, snapshots_pb2, ticks_pb2

M = TypeVar("M", bound=Message)

_Field = descriptor_pb2.FieldDescriptorProto
# Little-endian numpy type of a packed value; a packed bool is a varint of one byte, 0 or 1.
PACKED: Mapping[int, str] = {
    _Field.TYPE_DOUBLE: "<f8",
    _Field.TYPE_SFIXED64: "<i8",
    _Field.TYPE_SFIXED32: "<i4",
    _Field.TYPE_BOOL: "?",
}


def twin(message: type[M]) -> type[M]:
    """Return the class of the twin; it differs from the given type in its columns only."""
    return cast("type[M]", _class(message.DESCRIPTOR.full_name))


@cache
def _class(name: str) -> type[Message]:
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(name))


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    added: set[str] = set()
    for file in (bars_pb2.DESCRIPTOR, snapshots_pb2.DESCRIPTOR, ticks_pb2.DESCRIPTOR):
        _add(pool, file, added)
    return pool


def _add(pool: descriptor_pool.DescriptorPool, file: FileDescriptor, added: set[str]) -> None:
    if file.name in added:
        return
    added.add(file.name)
    for needed in file.dependencies:
        _add(pool, needed, added)
    copy = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(copy)
    for message in copy.message_type:
        for field in message.field:
            if field.label == _Field.LABEL_REPEATED and field.type in PACKED:
                field.label = _Field.LABEL_OPTIONAL
                field.type = _Field.TYPE_BYTES
    pool.AddSerializedFile(copy.SerializeToString())
