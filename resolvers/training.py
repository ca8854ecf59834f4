"""Answers the mutations of mock mode that change accounts and symbols; all need scope admin."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from quantgraph.domain.access import Scope
from quantgraph.domain.accounts import Account as DomainAccount
from quantgraph.domain.errors import GatewayError, bad_request
from quantgraph.domain.simulation import (
    CorporateAction,
    HandOrder,
    Injection,
    NewAccount,
    NewPosition,
    ScenarioCall,
)
from quantgraph.domain.simulation import SymbolChange as DomainChange
from resolvers.access import require_account
from resolvers.problems import problem_of
from resolvers.simulation import ACT, ADMIN, simulation_of
from schema.accounts import Account
from schema.context import Info
from schema.control import (
    ChangeAccountResult,
    ChangeAccountSuccess,
    ChangeMarketResult,
    ChangeMarketSuccess,
    CorporateActionInput,
    CreateAccountInput,
    HaltSymbolInput,
    InjectOrderInput,
    InjectOrderResult,
    InjectOrderSuccess,
    InjectTradeInput,
    LoadScenarioInput,
    TransferCashInput,
)
from schema.problems import SimulationRefused


@strawberry.type
class CounterMutations:
    @strawberry.mutation(
        description="Open an account, which lives until the world starts over. Refusals: "
        "ACCOUNT_TAKEN, ACCOUNT_LIMIT, UNKNOWN_SYMBOL, UNKNOWN_ACCOUNT (the key is for other "
        "accounts)." + ADMIN
    )
    async def create_account(
        self,
        info: Info,
        input: Annotated[CreateAccountInput, strawberry.argument(description="The account.")],
    ) -> ChangeAccountResult:
        held = tuple(
            NewPosition(each.symbol, each.quantity, each.cost_price) for each in input.positions
        )
        name = input.account_id if input.name is None else input.name
        account = NewAccount(input.account_id, name, input.cash, held)
        port = simulation_of(info)
        return await _account(
            "createAccount", info, input.account_id, lambda: port.create_account(account)
        )

    @strawberry.mutation(description="Pay cash into an account. Refusals: UNKNOWN_ACCOUNT." + ADMIN)
    async def deposit_cash(
        self,
        info: Info,
        input: Annotated[TransferCashInput, strawberry.argument(description="What is paid in.")],
    ) -> ChangeAccountResult:
        port, whose = simulation_of(info), input.account_id
        return await _account("depositCash", info, whose, lambda: port.deposit(whose, input.amount))

    @strawberry.mutation(
        description="Pay free cash out of an account. Refusals: UNKNOWN_ACCOUNT, INSUFFICIENT_CASH."
        + ADMIN
    )
    async def withdraw_cash(
        self,
        info: Info,
        input: Annotated[TransferCashInput, strawberry.argument(description="What is paid out.")],
    ) -> ChangeAccountResult:
        port, whose = simulation_of(info), input.account_id
        return await _account(
            "withdrawCash", info, whose, lambda: port.withdraw(whose, input.amount)
        )


@strawberry.type
class MarketMutations:
    @strawberry.mutation(
        description="Let strangers trade at a price: better orders, ours included, are taken first."
        " Refusals: UNKNOWN_SYMBOL, and those of an order at that price." + ADMIN
    )
    async def inject_trade(
        self,
        info: Info,
        input: Annotated[InjectTradeInput, strawberry.argument(description="The trade.")],
    ) -> ChangeMarketResult:
        trade = Injection(input.symbol, input.price, input.quantity)
        return await _market("injectTrade", simulation_of(info).inject_trade(trade))

    @strawberry.mutation(
        description="Place a limit order at the terminal itself, past the gateway, as somebody who "
        "sits there does. It becomes an EXTERNAL order of `orders`, and is never taken for one of "
        "ours; no guard, limit, halt or incident of the gateway is asked. Refusals: "
        "UNKNOWN_ACCOUNT, UNKNOWN_SYMBOL, and those of such an order." + ADMIN
    )
    async def inject_order(
        self,
        info: Info,
        input: Annotated[InjectOrderInput, strawberry.argument(description="The order.")],
    ) -> InjectOrderResult:
        placed = (input.side, input.quantity, input.limit_price, input.remark)
        order = HandOrder(input.account_id, input.symbol, *placed)
        try:
            require_account(info, order.account_id, Scope.ADMIN)
            return InjectOrderSuccess.from_domain(await simulation_of(info).inject_order(order))
        except GatewayError as error:
            return problem_of("injectOrder", error)

    @strawberry.mutation(
        description="Stop a symbol's trading until it is resumed, or the day ends." + ACT
    )
    async def halt_symbol(
        self,
        info: Info,
        input: Annotated[HaltSymbolInput, strawberry.argument(description="Which symbol.")],
    ) -> ChangeMarketResult:
        return await _market("haltSymbol", simulation_of(info).halt(input.symbol))

    @strawberry.mutation(
        description="Go on with a symbol that was halted; nothing changes where it trades." + ACT
    )
    async def resume_symbol(
        self,
        info: Info,
        input: Annotated[HaltSymbolInput, strawberry.argument(description="Which symbol.")],
    ) -> ChangeMarketResult:
        return await _market("resumeSymbol", simulation_of(info).resume(input.symbol))

    @strawberry.mutation(
        description="Announce what holders get as an ex-day begins. Its previous close is the "
        "exchange's reference price, prices go on from there, and `dividends` lists it from then "
        "on; what one ex-day grants already is added up. Refusals: UNKNOWN_SYMBOL, ACTION_LIMIT, "
        "PRICES_RECORDED (its prices or events are imported or lived again)." + ADMIN
    )
    async def announce_corporate_action(
        self,
        info: Info,
        input: Annotated[CorporateActionInput, strawberry.argument(description="The event.")],
    ) -> ChangeMarketResult:
        action = CorporateAction(
            input.symbol,
            input.ex_date,
            cash=input.cash,
            bonus=input.bonus,
            conversion=input.conversion,
        )
        return await _market("announceCorporateAction", simulation_of(info).announce(action))

    @strawberry.mutation(
        description="Let a symbol follow a scenario until the day ends. Refusals: UNKNOWN_SYMBOL, "
        "UNKNOWN_SCENARIO." + ADMIN
    )
    async def load_scenario(
        self,
        info: Info,
        input: Annotated[LoadScenarioInput, strawberry.argument(description="Which one.")],
    ) -> ChangeMarketResult:
        given = {each.name: each.value for each in input.parameters}
        if len(given) < len(input.parameters):
            raise bad_request("A parameter is given twice.", field="parameters")
        call = ScenarioCall(input.symbol, input.name, given)
        return await _market("loadScenario", simulation_of(info).load_scenario(call))


async def _account(
    mutation: str, info: Info, account_id: str, change: Callable[[], Awaitable[DomainAccount]]
) -> ChangeAccountSuccess | SimulationRefused:
    try:
        require_account(info, account_id, Scope.ADMIN)
        return ChangeAccountSuccess(account=Account.from_domain(await change()))
    except GatewayError as error:
        return problem_of(mutation, error)


async def _market(
    mutation: str, change: Awaitable[DomainChange]
) -> ChangeMarketSuccess | SimulationRefused:
    try:
        return ChangeMarketSuccess.from_domain(await change)
    except GatewayError as error:
        return problem_of(mutation, error)
