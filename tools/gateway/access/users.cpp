#include "tools/gateway/access/users.hpp"

#include <toml++/toml.h>
#include <algorithm>

namespace ringside::gateway {

tools::TomlFile::Take to_users(const tools::TomlFile& file, std::vector<Pattern>& users) {
    return [&file, &users](std::string_view key, const toml::node& node) -> Result<void> {
        std::vector<std::string> texts;
        if (auto taken = file.to(texts)(key, node); !taken) return taken;
        users.clear();
        for (const std::string& text : texts) {
            if (text.find('/') != std::string::npos) {
                return file.error_at(node,
                                     "'" + text + "' matches no user because users contain no '/'");
            }
            auto pattern = Pattern::parse(text);
            if (!pattern) return file.error_at(node, "'" + text + "': " + pattern.error().text());
            users.push_back(std::move(*pattern));
        }
        return {};
    };
}

bool is_one_of(const std::vector<Pattern>& users, std::string_view user) noexcept {
    return users.empty() || std::any_of(users.begin(), users.end(),
                                        [&](const Pattern& glob) { return glob.matches(user); });
}

}  // namespace ringside::gateway
