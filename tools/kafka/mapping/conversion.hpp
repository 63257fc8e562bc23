#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/document/builder.hpp"
#include "shm/document/value.hpp"

namespace ringside::kafka {

/// What a member is turned into. Nothing is rounded, but for what is said here.
enum class Conversion : std::uint8_t {
    integer,       ///< of an integer, a real without a fraction, a decimal text
    number,        ///< a real; of any number, a text as JSON or C writes numbers
    boolean,       ///< of true, false, 1, 0, the same as text
    string,        ///< of a text, a number as JSON writes it, true, false
    timestamp_ms,  ///< Unix time; of an integer (as it is), or a text of RFC 3339, cut to ms
};

/// Adds the value, converted, to the document that is being built. Null stays null.
/// Errors: number_out_of_range, and unmappable; `name` says which member.
Result<void> convert(const Value& value, Conversion conversion, std::string_view name,
                     DocumentBuilder& out);

}  // namespace ringside::kafka
