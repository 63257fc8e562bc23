#include "tools/kafka/source/source_options.hpp"

#include <regex.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>

#include "shm/name/name.hpp"

namespace ringside::kafka {

namespace {

using tools::TomlFile;

/// Accepts keys that are read in another place.
Result<void> elsewhere(std::string_view, const toml::node&) { return {}; }

constexpr std::array<std::pair<std::string_view, Start>, 2> starts = {
    {{"earliest", Start::earliest}, {"latest", Start::latest}}};
constexpr std::array<std::pair<std::string_view, OnError>, 2> error_choices = {
    {{"stop", OnError::stop}, {"skip", OnError::skip}}};

void free_expression(regex_t* expression) noexcept {
    regfree(expression);
    delete expression;
}

Result<std::shared_ptr<const void>> compile(const std::string& text) {
    auto expression = std::make_unique<regex_t>();
    const int failed = regcomp(expression.get(), text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (failed == 0) {
        return std::shared_ptr<const void>(
            std::shared_ptr<regex_t>(expression.release(), free_expression));
    }
    std::array<char, 256> said{};
    regerror(failed, expression.get(), said.data(), said.size());
    return Error(Errc::bad_configuration, said.data());
}

bool is_topic_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

Result<TopicOptions> read_topic(const toml::table& table, const TomlFile& file) {
    auto mapping = Mapping::read(table, file);
    if (!mapping) return mapping.error();
    TopicOptions topic{.mapping = *std::move(mapping)};
    auto read = file.read(table, "[[source.topic]]",
                          {{"name", file.to(topic.name)},
                           {"start", file.to(topic.start, starts)},
                           {"snapshot", file.to(topic.is_snapshot)},
                           {"unmatched", elsewhere},
                           {"rule", elsewhere}});
    if (!read) return read.error();
    if (topic.name.empty())
        return file.error_at(table, "[[source.topic]] without a name; set name");
    const toml::node& name = *table.get("name");
    if (topic.is_expression()) {
        auto expression = compile(topic.name);
        if (!expression) return file.error_at(name, expression.error().detail);
        topic.expression = *std::move(expression);
    } else if (!is_topic_name(topic.name)) {
        return file.error_at(name, "'" + topic.name + "' is not a topic name; a regular " +
                                       "expression must start with ^");
    }
    return topic;
}

Result<void> check_group(const toml::table& table, const TomlFile& file,
                         const SourceOptions& options) {
    const std::string& group = options.group;
    const bool is_level = group.find('/') == std::string::npos && !group.starts_with('@') &&
                          group.size() <= SourceOptions::group_bytes_max;
    if (is_level && check_name(group)) return {};
    return file.error_at(*table.get("group"),
                         "'" + group +
                             "' is not a valid group; use part of a record name without " +
                             "'/' and '*', without '@' at the start, of at most " +
                             std::to_string(SourceOptions::group_bytes_max) + " bytes");
}

Result<void> read_topics(const toml::table& table, const TomlFile& file, SourceOptions& options) {
    auto read = file.each_table(table, "topic", [&](const toml::table& entry) -> Result<void> {
        auto topic = read_topic(entry, file);
        if (!topic) return topic.error();
        options.topics.push_back(*std::move(topic));
        if (options.topics.size() <= SourceOptions::topics_max) return {};
        return file.error_at(entry,
                             "more than " + std::to_string(SourceOptions::topics_max) + " topics");
    });
    if (!read) return read;
    if (options.topics.empty())
        return file.error_at(table, "[source] without a topic; add [[source.topic]]");
    return {};
}

}  // namespace

bool TopicOptions::matches(const std::string& topic) const {
    if (expression == nullptr) return topic == name;
    return regexec(static_cast<const regex_t*>(expression.get()), topic.c_str(), 0, nullptr, 0) ==
           0;
}

const TopicOptions* SourceOptions::topic(const std::string& name) const {
    const auto found = std::find_if(topics.begin(), topics.end(),
                                    [&](const TopicOptions& entry) { return entry.matches(name); });
    return found == topics.end() ? nullptr : &*found;
}

bool SourceOptions::has_snapshots() const noexcept {
    return std::any_of(topics.begin(), topics.end(),
                       [](const TopicOptions& topic) { return topic.is_snapshot; });
}

Result<std::optional<SourceOptions>> read_source(const toml::table& root, const TomlFile& file,
                                                 const Properties* common) {
    const auto found = file.table(root, "source");
    if (!found) return found.error();
    if (*found == nullptr) return std::optional<SourceOptions>();
    const toml::table& table = **found;
    SourceOptions options;
    bool is_durable = false;
    auto read = file.read(
        table, "[source]",
        {{"group", file.to(options.group)},
         {"dead_letter_topic", file.to(options.dead_letter_topic)},
         {"on_error", file.to(options.on_error, error_choices)},
         {"durable", file.to(is_durable)},
         {"batch_messages", file.to(options.batch_messages, 1, SourceOptions::batch_messages_max)},
         {"batch_bytes", file.to(options.batch_bytes, 1, SourceOptions::batch_bytes_max)},
         {"topic", elsewhere},
         {"kafka", elsewhere}});
    if (!read) return read.error();
    if (auto checked = check_group(table, file, options); !checked) return checked.error();
    if (is_durable) options.grade = Grade::durable;
    if (!options.dead_letter_topic.empty()) {
        if (!is_topic_name(options.dead_letter_topic)) {
            return file.error_at(*table.get("dead_letter_topic"),
                                 "'" + options.dead_letter_topic + "' is not a topic name");
        }
        if (const toml::node* other = table.get("on_error")) {
            return file.error_at(
                *other, "on_error has no effect with a dead_letter_topic; remove one of them");
        }
    }
    if (common != nullptr) options.kafka = *common;
    const auto own = file.table(table, "kafka");
    if (!own) return own.error();
    if (*own != nullptr && common != nullptr) {
        if (auto taken = options.kafka.read(**own, file); !taken) return taken.error();
    }
    if (auto topics = read_topics(table, file, options); !topics) return topics.error();
    if (options.topic(options.dead_letter_topic) != nullptr) {
        return file.error_at(
            *table.get("dead_letter_topic"),
            "source would read its own dead letters; exclude dead_letter_topic from its topics");
    }
    return std::optional(std::move(options));
}

}  // namespace ringside::kafka
