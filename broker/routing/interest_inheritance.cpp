#include <utility>

#include "broker/routing/interest.hpp"
#include "shm/name/system_name.hpp"

/// Inheritance of interest: lets the providers of a former broker continue with their subjects.
namespace ringside::broker {

using wire::DeliveryKind;
using State = InterestRouter::Subject::State;

void InterestRouter::inherit(std::string subject, Heir heir) {
    inherited_.emplace(std::move(subject), heir);
}

void InterestRouter::give_up(SessionId session) {
    give_up_if([session](const Heir& heir) { return heir.session == session; });
}

/// Subjects that the session no longer listens for go to other listeners.
void InterestRouter::come_back(const Session& session) {
    give_up_if([&](const Heir& heir) {
        return heir.session == session.id() && !listeners_.has_declared(session, heir.declaration);
    });
}

void InterestRouter::give_up_if(const std::function<bool(const Heir&)>& is_given_up) {
    std::vector<std::string> names;
    for (const auto& [name, heir] : inherited_) {
        if (is_given_up(heir)) names.push_back(name);
    }
    for (const std::string& name : names) {
        inherited_.erase(name);
        records_->erase(system_name::provided(name));
        const auto place = subjects_.find(name);
        if (place != subjects_.end() && place->second.state == State::free) ask(place->second);
    }
}

void InterestRouter::settle_inheritance() {
    is_inheritance_over_ = false;
    auto left = std::exchange(inherited_, {});
    for (const auto& [name, heir] : left) {
        const auto place = subjects_.find(name);
        if (place != subjects_.end()) {
            if (place->second.state == State::free) ask(place->second);
            continue;
        }
        // The subject is no longer watched, and its listener has not been notified.
        records_->erase(system_name::provided(name));
        listeners_.for_each(name, [&, &subject = name, &heir = heir](Provider& one) {
            if (one.session->id() != heir.session || one.declaration != heir.declaration) return;
            tell(DeliveryKind::unwanted, one, 0, subject);
        });
    }
    // The former broker may have died after asking a listener and before writing the record.
    listeners_.for_all([&](const Provider& one) { tell(DeliveryKind::renewed, one, 0, {}); });
}

}  // namespace ringside::broker
