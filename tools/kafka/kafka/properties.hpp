#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/kafka/kafka/handles.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

/// Properties of librdkafka, in the order in which they were given; a later one wins.
/// Thread safety: as a value's.
class Properties {
public:
    /// Adds those of a table of the configuration: strings, whole numbers, booleans. A value
    /// "${NAME}" is that of an environment variable.
    /// Error: bad_configuration with file and line, for what librdkafka does not know or take, for
    /// a list of servers that names none, or one that cannot be connected to, for
    /// properties that are the tool's own business, a partitioner that does not go by keys, and
    /// for variables that are not set.
    Result<void> read(const toml::table& table, const tools::TomlFile& file);

    /// Adds one of the tool's own.
    void set(std::string_view name, std::string_view value);
    /// The same, where nobody has given one of that name.
    void set_default(std::string_view name, std::string_view value);

    [[nodiscard]] const std::string* find(std::string_view name) const noexcept;

    /// For a client of librdkafka, with its log going to this process's.
    /// Errors: bad_configuration: there is no `bootstrap.servers`, or librdkafka refuses a value.
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
