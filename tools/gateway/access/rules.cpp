#include "tools/gateway/access/rules.hpp"

#include <toml++/toml.h>
#include <algorithm>

#include "tools/gateway/access/access_limits.hpp"
#include "tools/gateway/access/authenticator.hpp"
#include "tools/gateway/access/users.hpp"

namespace ringside::gateway {

namespace {

tools::TomlFile::Take to_actions(const tools::TomlFile& file, std::vector<Action>& actions) {
    return [&](std::string_view key, const toml::node& node) -> Result<void> {
        std::vector<std::string> names;
        if (auto taken = file.to(names)(key, node); !taken) return taken;
        for (const std::string& text : names) {
            const auto action = action_of(text);
            if (!action) {
                return file.error_at(
                    node,
                    "'" + text +
                        "' is not an action; use read, write, create, delete, publish, subscribe, "
                        "call, provide, listen, listen_events, notify or presence");
            }
            actions.push_back(*action);
        }
        return {};
    };
}

tools::TomlFile::Take to_patterns(const tools::TomlFile& file,
                                  std::vector<PatternTemplate>& patterns) {
    return [&](std::string_view key, const toml::node& node) -> Result<void> {
        std::vector<std::string> texts;
        if (auto taken = file.to(texts)(key, node); !taken) return taken;
        if (texts.size() > access_limits::rule_patterns_max) {
            return file.error_at(node, "rule has more than " +
                                           std::to_string(access_limits::rule_patterns_max) +
                                           " patterns");
        }
        for (const std::string& text : texts) {
            auto pattern = PatternTemplate::parse(text);
            if (!pattern) {
                return file.error_at(node, "'" + text + "': " + pattern.error().text());
            }
            patterns.push_back(std::move(*pattern));
        }
        return {};
    };
}

tools::TomlFile::Take to_effect(const tools::TomlFile& file, Effect& effect) {
    return [&](std::string_view key, const toml::node& node) -> Result<void> {
        std::string text;
        if (auto taken = file.to(text)(key, node); !taken) return taken;
        if (text != "allow" && text != "deny") {
            return file.error_at(node, "effect must be 'allow' or 'deny'");
        }
        effect = text == "deny" ? Effect::deny : Effect::allow;
        return {};
    };
}

}  // namespace

Rules::Rules()
    : made_(std::make_unique<LruCache<std::string, std::shared_ptr<const Permissions>, TextHash>>(
          access_limits::cached_permissions_max)) {}

Result<Rule> Rules::read_rule(const toml::table& table, const tools::TomlFile& file) {
    Rule rule;
    if (auto read = file.read(table, "a rule",
                              {{"name", file.to(rule.name)},
                               {"users", to_users(file, rule.users)},
                               {"actions", to_actions(file, rule.actions)},
                               {"patterns", to_patterns(file, rule.patterns)},
                               {"effect", to_effect(file, rule.effect)}});
        !read) {
        return read.error();
    }
    if (rule.actions.empty() || rule.patterns.empty()) {
        return file.error_at(table, "rule is incomplete; set actions and patterns");
    }
    return rule;
}

Result<Rules> Rules::from(const toml::table& root, const std::filesystem::path& path) {
    const tools::TomlFile file(path);
    Rules rules;
    const bool can_be_known = root.contains("api_key") || root.contains("jwt") ||
                              root.contains("certificate") || has_logins(root);
    rules.of_known_ = std::make_shared<FixedPermissions>(true);
    rules.of_anonymous_ = std::make_shared<FixedPermissions>(!can_be_known);
    const auto take_rule = [&](const toml::table& table) -> Result<void> {
        if (rules.rules_.size() == access_limits::rules_max) {
            return file.error_at(
                table, "more than " + std::to_string(access_limits::rules_max) + " rules");
        }
        auto rule = read_rule(table, file);
        if (!rule) return rule.error();
        if (rule->name.empty()) rule->name = "rule " + std::to_string(rules.rules_.size() + 1);
        for (const PatternTemplate& pattern : rule->patterns) {
            for (std::string& claim : pattern.claims()) rules.claims_.push_back(std::move(claim));
        }
        rules.rules_.push_back(std::move(*rule));
        return {};
    };
    if (auto read = file.each_table(root, "rule", take_rule); !read) return read.error();
    std::sort(rules.claims_.begin(), rules.claims_.end());
    rules.claims_.erase(std::unique(rules.claims_.begin(), rules.claims_.end()),
                        rules.claims_.end());
    return rules;
}

std::shared_ptr<const Permissions> Rules::of(const Identity& identity) const {
    if (rules_.empty()) return identity.is_anonymous ? of_anonymous_ : of_known_;
    const std::string key = cache_key(identity);
    if (auto known = made_->find(key)) return *known;
    auto made = make(identity);
    made_->store(key, made);
    return made;
}

std::shared_ptr<const Permissions> Rules::make(const Identity& identity) const {
    auto permissions = std::make_shared<RulePermissions>();
    for (const Rule& rule : rules_) {
        if (!is_one_of(rule.users, identity.user)) continue;
        std::vector<Pattern> patterns;
        for (const PatternTemplate& pattern : rule.patterns) {
            if (auto filled = pattern.fill(identity)) patterns.push_back(std::move(*filled));
        }
        if (patterns.size() != rule.patterns.size()) continue;
        permissions->add(rule.name, rule.effect, rule.actions, patterns);
    }
    return permissions;
}

std::string Rules::cache_key(const Identity& identity) const {
    // Each text is preceded by its size, so that the content of one text cannot look like two
    // texts.
    const auto sized = [](std::string_view text) {
        return std::to_string(text.size()) + ":" + std::string(text);
    };
    std::string key = sized(identity.user);
    for (const std::string& name : claims_) {
        const auto claim = identity.claims.find(name);
        key += claim == identity.claims.end() ? "-" : sized(claim->second);
    }
    return key;
}

}  // namespace ringside::gateway
