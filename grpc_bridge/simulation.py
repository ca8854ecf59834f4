"""Answers SimulationService, in mock mode; the call's frame has checked scope and account."""

# ruff: noqa: N802 the methods are named by the contract

from quantgraph.domain.ports.simulation import Simulation
from quantgraph.v1 import simulation_pb2 as pb
from quantgraph.v1.simulation_pb2_grpc import SimulationServiceServicer
from quantgraph.wire.accounts import account_to_proto
from quantgraph.wire.fields import decimal_from_proto, symbol_from_proto
from quantgraph.wire.simulation import (
    account_from_proto,
    action_from_proto,
    call_from_proto,
    change_to_proto,
    clock_change_from_proto,
    fault_to_proto,
    fingerprint_to_proto,
    hand_from_proto,
    injected_to_proto,
    injection_from_proto,
    jump_from_proto,
    snapshot_to_proto,
    state_to_proto,
)
from quantgraph.wire.system import clock_to_proto


class SimulationServicer(SimulationServiceServicer):
    """SimulationService over the port of that name."""

    def __init__(self, simulation: Simulation) -> None:
        """Answer from `simulation`."""
        self._simulation = simulation

    async def GetSimulation(
        self, request: pb.GetSimulationRequest, context: object
    ) -> pb.GetSimulationResponse:
        return pb.GetSimulationResponse(simulation=state_to_proto(await self._simulation.state()))

    async def GetFingerprint(
        self, request: pb.GetFingerprintRequest, context: object
    ) -> pb.GetFingerprintResponse:
        named = request.HasField("symbol")
        symbol = symbol_from_proto(request.symbol, "symbol") if named else None
        found = await self._simulation.fingerprint(symbol)
        return pb.GetFingerprintResponse(fingerprint=fingerprint_to_proto(found))

    async def SetClock(self, request: pb.SetClockRequest, context: object) -> pb.SetClockResponse:
        clock = await self._simulation.set_clock(clock_change_from_proto(request))
        return pb.SetClockResponse(clock=clock_to_proto(clock))

    async def JumpClock(
        self, request: pb.JumpClockRequest, context: object
    ) -> pb.JumpClockResponse:
        clock = await self._simulation.jump_clock(jump_from_proto(request))
        return pb.JumpClockResponse(clock=clock_to_proto(clock))

    async def CreateAccount(
        self, request: pb.CreateAccountRequest, context: object
    ) -> pb.CreateAccountResponse:
        account = await self._simulation.create_account(account_from_proto(request))
        return pb.CreateAccountResponse(account=account_to_proto(account))

    async def DepositCash(
        self, request: pb.DepositCashRequest, context: object
    ) -> pb.DepositCashResponse:
        amount = decimal_from_proto(request.amount, "amount")
        account = await self._simulation.deposit(request.account_id, amount)
        return pb.DepositCashResponse(account=account_to_proto(account))

    async def WithdrawCash(
        self, request: pb.WithdrawCashRequest, context: object
    ) -> pb.WithdrawCashResponse:
        amount = decimal_from_proto(request.amount, "amount")
        account = await self._simulation.withdraw(request.account_id, amount)
        return pb.WithdrawCashResponse(account=account_to_proto(account))

    async def InjectTrade(
        self, request: pb.InjectTradeRequest, context: object
    ) -> pb.InjectTradeResponse:
        change = await self._simulation.inject_trade(injection_from_proto(request))
        return pb.InjectTradeResponse(change=change_to_proto(change))

    async def InjectOrder(
        self, request: pb.InjectOrderRequest, context: object
    ) -> pb.InjectOrderResponse:
        injected = await self._simulation.inject_order(hand_from_proto(request))
        return pb.InjectOrderResponse(injected=injected_to_proto(injected))

    async def HaltSymbol(
        self, request: pb.HaltSymbolRequest, context: object
    ) -> pb.HaltSymbolResponse:
        change = await self._simulation.halt(symbol_from_proto(request.symbol, "symbol"))
        return pb.HaltSymbolResponse(change=change_to_proto(change))

    async def ResumeSymbol(
        self, request: pb.ResumeSymbolRequest, context: object
    ) -> pb.ResumeSymbolResponse:
        change = await self._simulation.resume(symbol_from_proto(request.symbol, "symbol"))
        return pb.ResumeSymbolResponse(change=change_to_proto(change))

    async def AnnounceCorporateAction(
        self, request: pb.AnnounceCorporateActionRequest, context: object
    ) -> pb.AnnounceCorporateActionResponse:
        change = await self._simulation.announce(action_from_proto(request))
        return pb.AnnounceCorporateActionResponse(change=change_to_proto(change))

    async def LoadScenario(
        self, request: pb.LoadScenarioRequest, context: object
    ) -> pb.LoadScenarioResponse:
        change = await self._simulation.load_scenario(call_from_proto(request))
        return pb.LoadScenarioResponse(change=change_to_proto(change))

    async def SetFaults(
        self, request: pb.SetFaultsRequest, context: object
    ) -> pb.SetFaultsResponse:
        faults = await self._simulation.set_faults(tuple(request.settings))
        return pb.SetFaultsResponse(faults=[fault_to_proto(each) for each in faults])

    async def SaveSnapshot(
        self, request: pb.SaveSnapshotRequest, context: object
    ) -> pb.SaveSnapshotResponse:
        snapshot = await self._simulation.save_snapshot(request.name)
        return pb.SaveSnapshotResponse(snapshot=snapshot_to_proto(snapshot))

    async def RestoreSnapshot(
        self, request: pb.RestoreSnapshotRequest, context: object
    ) -> pb.RestoreSnapshotResponse:
        snapshot = await self._simulation.restore_snapshot(request.name)
        return pb.RestoreSnapshotResponse(snapshot=snapshot_to_proto(snapshot))

    async def DeleteSnapshot(
        self, request: pb.DeleteSnapshotRequest, context: object
    ) -> pb.DeleteSnapshotResponse:
        snapshot = await self._simulation.delete_snapshot(request.name)
        return pb.DeleteSnapshotResponse(snapshot=snapshot_to_proto(snapshot))
