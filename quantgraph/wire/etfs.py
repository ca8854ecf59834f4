"""Lists of creation and redemption."""

from quantgraph.domain.etfs import CashSubstitution, EtfBasket
from quantgraph.domain.sources import Source
from quantgraph.v1 import etfs_pb2
from quantgraph.wire.enums import CASH_SUBSTITUTION, SOURCE
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Source: SOURCE, CashSubstitution: CASH_SUBSTITUTION}


def basket_to_proto(basket: EtfBasket) -> etfs_pb2.EtfBasket:
    """Write a fund's list."""
    return record_to_proto(basket, etfs_pb2.EtfBasket(), _CODECS)


def basket_from_proto(message: etfs_pb2.EtfBasket) -> EtfBasket:
    """Read a fund's list."""
    return record_from_proto(message, EtfBasket, _CODECS)
