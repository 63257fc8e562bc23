#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/session/session.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::broker {

/// A session's lane that takes calls or interest of the names that match.
struct Provider {
    std::uint64_t id = 0;
    Session* session = nullptr;
    std::uint32_t lane_index = 0;
    std::uint32_t place = 0;  ///< of its declaration
    Pattern pattern;
    std::uint32_t first = 0;    ///< of what it has under way, in a list of its router; 0 = nothing
    std::size_t under_way = 0;  ///< how much that is
    std::uint64_t last_asked = 0;  ///< for taking turns among equals
    bool is_withdrawn = false;     ///< it gets nothing more

    [[nodiscard]] Lane& lane() const { return *session->lanes()[lane_index]; }
};

/// Providers by the names that they are for.
class ProviderBook {
public:
    /// REQUIRES: the session has adopted that lane.
    Provider& add(Session& session, const shm::Declaration::Content& content, std::uint32_t place,
                  Pattern pattern) {
        auto provider = std::make_unique<Provider>(
            Provider{++last_id_, &session, content.lane, place, std::move(pattern)});
        Provider& added = *all_.emplace_back(std::move(provider));
        list_of(added).push_back(&added);
        return added;
    }

    /// It matches no name any more.
    void withdraw(Provider& provider) {
        provider.is_withdrawn = true;
        auto& list = list_of(provider);
        std::erase(list, &provider);
        if (list.empty() && provider.pattern.is_literal()) literal_.erase(provider.pattern.text());
    }
    /// REQUIRES: withdrawn, and nothing refers to it.
    void forget(const Provider& provider) {
        std::erase_if(all_, [&](const auto& one) { return one.get() == &provider; });
    }

    /// Null: there is none. Withdrawn ones are not found.
    [[nodiscard]] Provider* find(const Session& session, std::uint32_t place) const {
        for (const auto& one : all_) {
            if (one->session == &session && one->place == place && !one->is_withdrawn)
                return one.get();
        }
        return nullptr;
    }
    [[nodiscard]] Provider* on_lane(const Session& session, std::uint32_t lane) const {
        for (const auto& one : all_) {
            if (one->session == &session && one->lane_index == lane && !one->is_withdrawn)
                return one.get();
        }
        return nullptr;
    }
    [[nodiscard]] std::vector<Provider*> of(const Session& session) const {
        std::vector<Provider*> found;
        for (const auto& one : all_) {
            if (one->session == &session) found.push_back(one.get());
        }
        return found;
    }

    /// Calls `each` for every provider of that name.
    template <class Each>
    void for_each(std::string_view name, const Each& each) const {
        if (!literal_.empty()) {
            key_.assign(name);
            if (const auto place = literal_.find(key_); place != literal_.end()) {
                for (Provider* provider : place->second) each(*provider);
            }
        }
        for (Provider* provider : wildcard_) {
            if (provider->pattern.matches(name)) each(*provider);
        }
    }
    [[nodiscard]] bool has(std::string_view name) const {
        bool is_there = false;
        for_each(name, [&](Provider&) { is_there = true; });
        return is_there;
    }
    template <class Each>
    void for_all(const Each& each) const {
        for (const auto& one : all_) {
            if (!one->is_withdrawn) each(*one);
        }
    }
    [[nodiscard]] bool is_empty() const noexcept { return literal_.empty() && wildcard_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    std::vector<Provider*>& list_of(const Provider& provider) {
        return provider.pattern.is_literal() ? literal_[provider.pattern.text()] : wildcard_;
    }

    std::vector<std::unique_ptr<Provider>> all_;
    std::unordered_map<std::string, std::vector<Provider*>> literal_;
    std::vector<Provider*> wildcard_;
    std::uint64_t last_id_ = 0;
    mutable std::string key_;  ///< keeps its memory from one look-up to the next
};

}  // namespace ringside::broker
