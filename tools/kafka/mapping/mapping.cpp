#include <toml++/toml.h>
#include <array>

#include "tools/kafka/mapping/mapper.hpp"
#include "tools/kafka/mapping/mapping_limits.hpp"
#include "tools/kafka/mapping/rule.hpp"
#include "tools/kafka/mapping/toml_values.hpp"

namespace ringside::kafka {

namespace {

constexpr std::array<std::pair<std::string_view, Unmatched>, 2> unmatched_choices = {
    {{"skip", Unmatched::skip}, {"dead_letter", Unmatched::dead_letter}}};

}  // namespace

Result<Mapping> Mapping::read(const toml::table& topic, const tools::TomlFile& file) {
    auto rules = std::make_shared<Rules>();
    if (const toml::node* node = topic.get("unmatched")) {
        if (auto taken = file.to(rules->unmatched, unmatched_choices)("unmatched", *node); !taken) {
            return taken.error();
        }
    }
    const auto read_rule = [&](const toml::table& table) -> Result<void> {
        if (rules->rules.size() == mapping_limits::rules_max) {
            return file.error_at(table, "topic has more than " +
                                            std::to_string(mapping_limits::rules_max) + " rules");
        }
        auto rule = Rule::read(file, table, rules->fields);
        if (!rule) return rule.error();
        rules->rules.push_back(std::move(*rule));
        return {};
    };
    if (auto read = file.each_table(topic, "rule", read_rule); !read) return read.error();
    if (rules->rules.empty()) return file.error_at(topic, "topic has no rule; add a rule");
    rules->needs_headers = rules->fields.has(FieldRoot::header);
    return Mapping(std::move(rules));
}

bool Mapping::needs_headers() const noexcept { return rules_->needs_headers; }

}  // namespace ringside::kafka
