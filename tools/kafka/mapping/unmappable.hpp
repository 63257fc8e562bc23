#pragma once

#include <string>

#include "shm/base/errc.hpp"

namespace ringside::kafka {

/// That a message is not what its rules need, where none of the other errors says so. The detail is
/// a sentence of its own.
inline Error unmappable(std::string detail) { return {Errc::bad_document, std::move(detail)}; }

}  // namespace ringside::kafka
