"""The GraphQL contract: types, inputs, enums and scalars."""
