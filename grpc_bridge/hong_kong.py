"""Answers HongKongService."""

# ruff: noqa: N802 the methods are named by the contract

from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import hong_kong_pb2
from quantgraph.v1.hong_kong_pb2_grpc import HongKongServiceServicer
from quantgraph.wire.hong_kong import broker_to_proto, queue_to_proto, request_from_proto


class HongKongServicer(HongKongServiceServicer):
    """HongKongService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._market = gateway.hong_kong

    async def ListBrokerQueues(
        self, request: hong_kong_pb2.ListBrokerQueuesRequest, context: object
    ) -> hong_kong_pb2.ListBrokerQueuesResponse:
        found = await self._market.broker_queues(request_from_proto(request))
        return hong_kong_pb2.ListBrokerQueuesResponse(
            queues=[queue_to_proto(each) for each in found]
        )

    async def ListBrokers(
        self, request: hong_kong_pb2.ListBrokersRequest, context: object
    ) -> hong_kong_pb2.ListBrokersResponse:
        found = await self._market.brokers()
        return hong_kong_pb2.ListBrokersResponse(brokers=[broker_to_proto(each) for each in found])
