#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::tools {

/// Reads typed values from a parsed TOML file. Every error is bad_configuration and gives file,
/// line and the expected value.
///
///     file.read(table, "a rate limit", {{"users", file.to(users)}, {"burst", …}});
class TomlFile {
public:
    /// Reads the value of one key.
    using Take = std::function<Result<void>(std::string_view key, const toml::node& value)>;

    explicit TomlFile(std::filesystem::path path) : path_(std::move(path)) {}

    [[nodiscard]] Error error_at(const toml::node& node, const std::string& what) const;

    /// Passes each key of a table to its reader. A key without a reader is an error, which calls
    /// the table `what` ("a rule").
    [[nodiscard]] Result<void> read(
        const toml::table& table, std::string_view what,
        std::initializer_list<std::pair<std::string_view, Take>> takers) const;

    /// Visits the tables `[[key]]`, if there are any.
    [[nodiscard]] Result<void> each_table(
        const toml::table& root, std::string_view key,
        const std::function<Result<void>(const toml::table&)>& visit) const;

    /// Returns the table `[key]`, or null if there is none.
    [[nodiscard]] Result<const toml::table*> table(const toml::table& root,
                                                   std::string_view key) const;

    // Each stores the value in a variable, which must outlive the reading, and replaces its
    // default.
    [[nodiscard]] Take to(std::string& text) const;
    [[nodiscard]] Take to(bool& flag) const;
    [[nodiscard]] Take to(std::vector<std::string>& texts) const;
    /// Reads a path. A relative path is relative to the file's directory.
    [[nodiscard]] Take to(std::filesystem::path& path) const;
    [[nodiscard]] Take to(std::int64_t& number, std::int64_t least, std::int64_t most) const;

    /// Reads one of some words, which must outlive the reading: `{{"put", Operation::put}, …}`.
    template <class Choice, std::size_t count>
    [[nodiscard]] Take to(
        Choice& choice,
        const std::array<std::pair<std::string_view, Choice>, count>& choices) const {
        return [this, &choice, &choices](std::string_view key,
                                         const toml::node& node) -> Result<void> {
            std::array<std::string_view, count> words;
            for (std::size_t i = 0; i < count; ++i) words[i] = choices[i].first;
            const auto index = index_of(key, node, words);
            if (!index) return index.error();
            choice = choices[*index].second;
            return {};
        };
    }

private:
    /// Returns the index of the word in the node.
    [[nodiscard]] Result<std::size_t> index_of(std::string_view key, const toml::node& node,
                                               std::span<const std::string_view> words) const;

    std::filesystem::path path_;
};

}  // namespace ringside::tools
