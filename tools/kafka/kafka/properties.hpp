#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/kafka/kafka/handles.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

/// Properties of librdkafka, in the order in which they were given. A later one overrides an
/// earlier one.
/// Thread safety: as a value's.
class Properties {
public:
    /// Adds the properties of a table of the configuration: strings, whole numbers, booleans. A
    /// value "${NAME}" is that of an environment variable.
    /// Error: bad_configuration with file and line, for properties that librdkafka does not know or
    /// accept, for a list of servers that is empty or has an invalid entry, for properties that are
    /// reserved for the tool, for a partitioner that ignores keys, and for variables that are not
    /// set.
    Result<void> read(const toml::table& table, const tools::TomlFile& file);

    /// Adds a property of the tool itself.
    void set(std::string_view name, std::string_view value);
    /// Adds a property unless one of that name was given.
    void set_default(std::string_view name, std::string_view value);

    [[nodiscard]] const std::string* find(std::string_view name) const noexcept;

    /// Returns a configuration for a client of librdkafka, whose log goes to the log of this
    /// process.
    /// Errors: bad_configuration if `bootstrap.servers` is missing or librdkafka refuses a value.
    [[nodiscard]] Result<ConfigurationHandle> configuration() const;

private:
    struct Property {
        std::string name;
        std::string value;
    };
    Result<void> add(const std::string& name, const toml::node& node, const tools::TomlFile& file);
    Result<void> read_nested(const std::string& prefix, const toml::table& table,
                             const tools::TomlFile& file);

    std::vector<Property> entries_;
};

}  // namespace ringside::kafka
