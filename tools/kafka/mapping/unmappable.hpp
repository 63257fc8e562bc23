#pragma once

#include <string>

#include "shm/base/errc.hpp"

namespace ringside::kafka {

/// The error for a message that does not meet its rules, if no more specific error applies. The
/// detail is a complete sentence.
inline Error unmappable(std::string detail) { return {Errc::bad_document, std::move(detail)}; }

}  // namespace ringside::kafka
