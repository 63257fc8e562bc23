#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "tools/kafka/mapping/field_path.hpp"
#include "tools/kafka/mapping/message_fields.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

// What rules are made of, taken from the configuration; see TomlFile::Take. What is stored into,
// the file and the table of fields outlive the reading.

/// A field's path.
tools::TomlFile::Take to_field(std::optional<FieldId>& field, const tools::TomlFile& file,
                               FieldTable& fields);

/// A place in a document, and the node that the configuration has for it.
struct PathEntry {
    MemberPath path;
    std::string text;  ///< for people: "cost.amount"
    const toml::node* node = nullptr;
};

/// The entries of a table whose keys are paths: `{ "cost.amount" = 1, cost.currency = 2 }`; tables
/// within it are paths, too. Error: bad_configuration (a bad path, one twice, too many, none).
Result<std::vector<PathEntry>> read_path_table(const tools::TomlFile& file, std::string_view key,
                                               const toml::node& node);

/// A list of paths. Error: bad_configuration.
Result<std::vector<PathEntry>> read_path_list(const tools::TomlFile& file, std::string_view key,
                                              const toml::node& node);

}  // namespace ringside::kafka
