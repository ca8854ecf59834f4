"""The GraphQL contract: types, inputs, enums and scalars."""

# First of all: a type that names an enum before it is published shows it without descriptions.
from schema import enums as enums
