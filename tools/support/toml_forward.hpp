#pragma once

// Declares the types of toml++, for headers that only name them: its header takes a second to parse.
#include <toml++/impl/forward_declarations.h>
