#include "tools/gateway/openapi/openapi_document.hpp"

#include <algorithm>
#include <cassert>

namespace ringside::gateway {

const StaticFile& openapi_document() noexcept {
    const auto files = embedded_files();
    const auto found = std::find_if(files.begin(), files.end(), [](const StaticFile& file) {
        return file.path == "/openapi.json";
    });
    assert(found != files.end());
    return *found;
}

}  // namespace ringside::gateway
