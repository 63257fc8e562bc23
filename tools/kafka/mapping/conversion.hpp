#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/document/builder.hpp"
#include "shm/document/value.hpp"

namespace ringside::kafka {

/// The target type of a member. Conversions do not round, except where stated.
enum class Conversion : std::uint8_t {
    integer,       ///< from an integer, a real without a fraction, a decimal text
    number,        ///< a real; from any number, or a text with a number in JSON or C syntax
    boolean,       ///< from true, false, 1, 0, or the same as text
    string,        ///< from a text, a number (as in JSON), true, false
    timestamp_ms,  ///< Unix time; from an integer (unchanged), or a text of RFC 3339, truncated to
                   ///< ms
};

/// Adds the converted value to the document that is being built. Null remains null.
/// Errors: number_out_of_range, and unmappable; `name` identifies the member.
Result<void> convert(const Value& value, Conversion conversion, std::string_view name,
                     DocumentBuilder& out);

}  // namespace ringside::kafka
