#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "tools/kafka/mapping/field_path.hpp"
#include "tools/kafka/mapping/message_fields.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

// Read the parts of rules from the configuration; see TomlFile::Take. The target, the file and the
// table of fields must outlive the reading.

/// Reads the path of a field.
tools::TomlFile::Take to_field(std::optional<FieldId>& field, const tools::TomlFile& file,
                               FieldTable& fields);

/// A place in a document, and its node in the configuration.
struct PathEntry {
    MemberPath path;
    std::string text;  ///< for people: "cost.amount"
    const toml::node* node = nullptr;
};

/// Reads a table whose keys are paths: `{ "cost.amount" = 1, cost.currency = 2 }`. Tables within it
/// are paths as well. Error: bad_configuration (a bad path, a duplicate, too many, none).
Result<std::vector<PathEntry>> read_path_table(const tools::TomlFile& file, std::string_view key,
                                               const toml::node& node);

/// Reads a list of paths. Error: bad_configuration.
Result<std::vector<PathEntry>> read_path_list(const tools::TomlFile& file, std::string_view key,
                                              const toml::node& node);

}  // namespace ringside::kafka
