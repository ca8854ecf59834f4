"""Days of special treatment."""

from quantgraph.domain.sources import Source
from quantgraph.domain.treatments import SpecialTreatment, TreatmentKind
from quantgraph.v1 import treatments_pb2
from quantgraph.wire.enums import SOURCE, TREATMENT_KIND
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Source: SOURCE, TreatmentKind: TREATMENT_KIND}


def treatment_to_proto(treatment: SpecialTreatment) -> treatments_pb2.SpecialTreatment:
    """Write a span."""
    return record_to_proto(treatment, treatments_pb2.SpecialTreatment(), _CODECS)


def treatment_from_proto(message: treatments_pb2.SpecialTreatment) -> SpecialTreatment:
    """Read a span."""
    return record_from_proto(message, SpecialTreatment, _CODECS)
