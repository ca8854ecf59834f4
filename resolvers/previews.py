"""Answers `previewOrder`: what a submit would meet."""

from typing import Annotated

import strawberry

from resolvers.access import require_account
from schema.context import Info
from schema.orders import SubmitOrderInput
from schema.previews import OrderPreview


@strawberry.type
class PreviewQueries:
    @strawberry.field(
        description="What a `submitOrder` with the same input would meet now: every refusal, and "
        "what the order would cost. Sends, journals and counts nothing, so the next moment may "
        "differ. Errors: BAD_REQUEST, UNKNOWN_ACCOUNT."
    )
    async def preview_order(
        self,
        info: Info,
        input: Annotated[SubmitOrderInput, strawberry.argument(description="What to trade.")],
    ) -> OrderPreview | None:
        require_account(info, input.account_id)
        found = await info.context.gateway.previews.preview(input.to_domain())
        return OrderPreview.from_domain(found)
