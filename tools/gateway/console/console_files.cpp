#include "tools/gateway/console/console_files.hpp"

namespace ringside::gateway {

std::optional<StaticFile> console_file(std::string_view path) noexcept {
    constexpr std::string_view prefix = "/console/";
    if (path == "/" || path == "/console" || path == prefix) path = "/console/index.html";
    if (!path.starts_with(prefix)) return std::nullopt;
    for (const StaticFile& file : embedded_files()) {
        if (file.path == path) return file;
    }
    return std::nullopt;
}

}  // namespace ringside::gateway
