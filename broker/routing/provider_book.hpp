#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/session/session.hpp"
#include "shm/base/keyed_hash.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::broker {

/// What a session has declared to take at one of its lanes: calls or interest of the names that
/// match. Several may be at the same lane.
struct Provider {
    std::uint64_t id = 0;
    Session* session = nullptr;
    std::uint32_t lane_index = 0;
    std::uint32_t place = 0;        ///< of its declaration
    std::uint64_t declaration = 0;  ///< its number, which the session knows it by
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
    Provider& add(Session& session, const Declarations::Change& declared, Pattern pattern) {
        const std::uint64_t number = shm::Declaration::number(declared.place, declared.sequence);
        auto provider = std::make_unique<Provider>(Provider{
            ++last_id_, &session, declared.now.lane, declared.place, number, std::move(pattern)});
        Provider& added = *of_session_[session.id()].emplace_back(std::move(provider));
        list_of(added).push_back(&added);
        ++size_;
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
        const auto session = of_session_.find(provider.session->id());
        std::erase_if(session->second, [&](const auto& one) { return one.get() == &provider; });
        if (session->second.empty()) of_session_.erase(session);
        --size_;
    }

    /// Null: there is none. Withdrawn ones are not found.
    [[nodiscard]] Provider* find(const Session& session, std::uint32_t place) const {
        return find_if(session, [place](const Provider& one) { return one.place == place; });
    }
    [[nodiscard]] bool is_on_lane(const Session& session, std::uint32_t lane) const {
        const auto is_there = [lane](const Provider& one) { return one.lane_index == lane; };
        return find_if(session, is_there) != nullptr;
    }
    [[nodiscard]] bool has_declared(const Session& session, std::uint64_t declaration) const {
        const auto is_it = [&](const Provider& one) { return one.declaration == declaration; };
        return find_if(session, is_it) != nullptr;
    }
    /// All of a session, withdrawn ones, too.
    [[nodiscard]] std::vector<Provider*> of(const Session& session) const {
        std::vector<Provider*> found;
        const auto its = of_session_.find(session.id());
        if (its == of_session_.end()) return found;
        for (const auto& one : its->second) found.push_back(one.get());
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
        for (const auto& [session, its] : of_session_) {
            for (const auto& one : its) {
                if (!one->is_withdrawn) each(*one);
            }
        }
    }
    [[nodiscard]] bool is_empty() const noexcept { return literal_.empty() && wildcard_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    template <class IsIt>
    [[nodiscard]] Provider* find_if(const Session& session, const IsIt& is_it) const {
        const auto its = of_session_.find(session.id());
        if (its == of_session_.end()) return nullptr;
        for (const auto& one : its->second) {
            if (!one->is_withdrawn && is_it(*one)) return one.get();
        }
        return nullptr;
    }
    std::vector<Provider*>& list_of(const Provider& provider) {
        return provider.pattern.is_literal() ? literal_[provider.pattern.text()] : wildcard_;
    }

    std::map<SessionId, std::vector<std::unique_ptr<Provider>>> of_session_;
    std::size_t size_ = 0;
    TextMap<std::vector<Provider*>> literal_;
    std::vector<Provider*> wildcard_;
    std::uint64_t last_id_ = 0;
    mutable std::string key_;  ///< keeps its memory from one look-up to the next
};

}  // namespace ringside::broker
