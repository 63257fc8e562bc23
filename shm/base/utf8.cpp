#include "shm/base/utf8.hpp"

#include <simdjson.h>

namespace ringside::detail {

bool is_utf8_beyond_ascii(std::string_view text) noexcept {
    return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace ringside::detail
