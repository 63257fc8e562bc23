#include "tools/support/toml_file.hpp"

#include <toml++/toml.h>
#include <algorithm>

namespace ringside::tools {

namespace {

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace

Error TomlFile::error_at(const toml::node& node, const std::string& what) const {
    return {Errc::bad_configuration,
            path_.string() + ":" + std::to_string(node.source().begin.line) + ": " + what};
}

Result<void> TomlFile::read(const toml::table& table, std::string_view what,
                            std::initializer_list<std::pair<std::string_view, Take>> takers) const {
    for (const auto& [key, value] : table) {
        const std::string_view name = key.str();
        const auto* taker = std::find_if(takers.begin(), takers.end(),
                                         [&](const auto& entry) { return entry.first == name; });
        if (taker == takers.end()) {
            return error_at(value, in_quotes(name) + " is not an option of " + std::string(what));
        }
        if (auto taken = taker->second(name, value); !taken) return taken;
    }
    return {};
}

Result<void> TomlFile::each_table(
    const toml::table& root, std::string_view key,
    const std::function<Result<void>(const toml::table&)>& visit) const {
    const toml::node* node = root.get(key);
    if (node == nullptr) return {};
    const std::string wanted =
        std::string(key) + " must be an array of tables; write [[" + std::string(key) + "]]";
    const toml::array* tables = node->as_array();
    if (tables == nullptr) return error_at(*node, wanted);
    for (const toml::node& item : *tables) {
        const toml::table* table = item.as_table();
        if (table == nullptr) return error_at(item, wanted);
        if (auto visited = visit(*table); !visited) return visited;
    }
    return {};
}

Result<const toml::table*> TomlFile::table(const toml::table& root, std::string_view key) const {
    const toml::node* node = root.get(key);
    if (node == nullptr) return nullptr;
    if (const toml::table* table = node->as_table()) return table;
    return error_at(*node, std::string(key) + " must be a table; write [" + std::string(key) + "]");
}

TomlFile::Take TomlFile::to(std::string& text) const {
    return [this, &text](std::string_view key, const toml::node& node) -> Result<void> {
        auto value = node.value_exact<std::string>();
        if (!value) return error_at(node, std::string(key) + " must be a string");
        if (value->empty()) return error_at(node, std::string(key) + " must not be empty");
        text = std::move(*value);
        return {};
    };
}

TomlFile::Take TomlFile::to(bool& flag) const {
    return [this, &flag](std::string_view key, const toml::node& node) -> Result<void> {
        const auto value = node.value_exact<bool>();
        if (!value) return error_at(node, std::string(key) + " must be true or false");
        flag = *value;
        return {};
    };
}

TomlFile::Take TomlFile::to(std::vector<std::string>& texts) const {
    return [this, &texts](std::string_view key, const toml::node& node) -> Result<void> {
        const std::string wanted = std::string(key) + " must be a list of strings";
        const toml::array* list = node.as_array();
        if (list == nullptr) return error_at(node, wanted);
        if (list->empty()) return error_at(node, wanted + ", at least one");
        std::vector<std::string> read;
        for (const toml::node& item : *list) {
            auto value = item.value_exact<std::string>();
            if (!value) return error_at(item, wanted);
            read.push_back(std::move(*value));
        }
        texts = std::move(read);
        return {};
    };
}

TomlFile::Take TomlFile::to(std::filesystem::path& path) const {
    return [this, &path](std::string_view key, const toml::node& node) -> Result<void> {
        std::string text;
        if (auto taken = to(text)(key, node); !taken) return taken;
        path = path_.parent_path() / text;
        return {};
    };
}

TomlFile::Take TomlFile::to(std::int64_t& number, std::int64_t least, std::int64_t most) const {
    return
        [this, &number, least, most](std::string_view key, const toml::node& node) -> Result<void> {
            const auto value = node.value_exact<std::int64_t>();
            if (!value || *value < least || *value > most) {
                return error_at(node, std::string(key) + " must be an integer from " +
                                          std::to_string(least) + " to " + std::to_string(most));
            }
            number = *value;
            return {};
        };
}

Result<std::size_t> TomlFile::index_of(std::string_view key, const toml::node& node,
                                       std::span<const std::string_view> words) const {
    const auto word = node.value_exact<std::string_view>();
    std::string wanted = std::string(key) + " must be one of";
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (word && *word == words[i]) return i;
        wanted += " " + in_quotes(words[i]);
    }
    return error_at(node, wanted);
}

}  // namespace ringside::tools
