#include "tools/gateway/deepstream/rpc_hub.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shm/name/name.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/payload.hpp"
#include "tools/gateway/deepstream/session.hpp"
#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway::deepstream {

namespace {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// Replaces the data of a call or an answer that cannot be forwarded to callers and other
/// processes.
constexpr std::string_view data_not_passed_on = R"("INVALID_MESSAGE_DATA")";

}  // namespace

struct RpcHub::Rpc {
    enum class State { asked, accepted, abroad, ended };

    Rpc(std::string its_name, std::string its_data, asio::io_context& loop)
        : name(std::move(its_name)), data(std::move(its_data)), timer(loop.get_executor()) {}

    const std::string name;  ///< in deepstream's form
    const std::string data;  ///< JSON; empty if none
    State state = State::asked;
    std::string id;  ///< under which its provider knows it
    Session* provider = nullptr;
    std::vector<Session*> passed;  ///< providers that have rejected it
    bool may_be_done = false;      ///< a provider received it and neither answered nor rejected it
    Timer timer;

    // The caller: exactly one of these is set.
    Session* caller = nullptr;
    std::string caller_id;
    std::shared_ptr<Call> call;
    OnAnswer on_answer;

    std::string requestor_name;
    std::string requestor_data;
    Bytes abroad;  ///< document of its call in the grid
};

RpcHub::RpcHub(Hub& hub, asio::io_context& loop)
    : hub_(hub),
      loop_(loop),
      posts_(loop, hub.grid(), [](Client& client, OnRegistered on_registered) {
          return client.provide(std::move(on_registered));
      }) {
    random_.seed(std::random_device()());
}

RpcHub::~RpcHub() = default;

bool RpcHub::provide(Session& session, const std::string& name, OnProvided on_provided) {
    Name& entry = names_[name];
    auto& providers = entry.providers;
    if (std::find(providers.begin(), providers.end(), &session) != providers.end()) return false;
    providers.push_back(&session);
    if (entry.place == nullptr) register_name(entry, name);
    if (entry.place != nullptr) {
        // A name that the grid refused is provided in this gateway.
        entry.place->when_decided(&session,
                                  [on_provided = std::move(on_provided)](bool) { on_provided(); });
    } else {
        asio::post(loop_, std::move(on_provided));
    }
    return true;
}

void RpcHub::register_name(Name& entry, const std::string& name) {
    entry.place = posts_.add(to_grid_name(name), [this](Provider&, std::shared_ptr<Call> call) {
        on_call(std::move(call));
    });
    if (entry.place == nullptr) {
        spdlog::warn("'{}' is provided in this gateway only because there are too many names",
                     name);
    }
}

bool RpcHub::unprovide(Session& session, const std::string& name) {
    const auto at = names_.find(name);
    if (at == names_.end()) return false;
    const bool was_provided = std::erase(at->second.providers, &session) > 0;
    if (at->second.place != nullptr) at->second.place->end_wait(&session);
    if (at->second.providers.empty()) names_.erase(at);
    return was_provided;
}

bool RpcHub::may_go_on(Session& session) const {
    return std::all_of(names_.begin(), names_.end(), [&](const auto& entry) {
        const auto& [name, provided] = entry;
        const auto& providers = provided.providers;
        const bool is_its =
            std::find(providers.begin(), providers.end(), &session) != providers.end();
        return !is_its || session.decide(Action::provide, to_grid_name(name)).is_allowed;
    });
}

void RpcHub::request(Session& caller, const wire::RpcMessage& message) {
    auto rpc = std::make_shared<Rpc>(message.name(), message.data(), loop_);
    rpc->caller = &caller;
    rpc->caller_id = message.correlation_id();
    if (hub_.options.tells_requestor_name) rpc->requestor_name = caller.user();
    if (hub_.options.tells_requestor_data) rpc->requestor_data = caller.client_data();
    auto& mine = called_[&caller];
    if (mine.size() >= requests_max) {
        std::erase_if(mine, [](const auto& one) { return one.expired(); });
    }
    if (mine.size() >= requests_max) {
        spdlog::info("'{}' exceeds the limit of concurrent calls", caller.user());
        return end(rpc, RpcAction::no_rpc_provider, nullptr);
    }
    mine.push_back(rpc);
    route(rpc);
}

void RpcHub::request(const std::string& name, std::string data, OnAnswer on_answer) {
    auto rpc = std::make_shared<Rpc>(name, std::move(data), loop_);
    rpc->on_answer = std::move(on_answer);
    route(rpc);
}

/// Takes a call of another process.
void RpcHub::on_call(std::shared_ptr<Call> call) {
    if (was_refused_here(*call)) return hub_.grid().reject(std::move(call));
    std::string data = payload_json(call->bytes());
    auto rpc = std::make_shared<Rpc>(from_grid_name(call->name()), std::move(data), loop_);
    rpc->call = std::move(call);
    route(rpc);
}

/// Returns whether all providers here rejected the call before it was passed to the grid.
bool RpcHub::was_refused_here(const Call& call) const {
    return std::any_of(abroad_.begin(), abroad_.end(), [&](const auto& one) {
        const auto rpc = one.lock();
        return rpc && !rpc->passed.empty() && to_grid_name(rpc->name) == call.name() &&
               std::equal(rpc->abroad.begin(), rpc->abroad.end(), call.bytes().begin(),
                          call.bytes().end());
    });
}

/// Passes the call to the next provider.
void RpcHub::route(const RpcPtr& rpc) {
    std::vector<Session*> left;
    if (const auto at = names_.find(rpc->name); at != names_.end()) {
        for (Session* one : at->second.providers) {
            const auto& passed = rpc->passed;
            if (!one->has_room()) continue;  // it does not read
            if (std::find(passed.begin(), passed.end(), one) == passed.end()) left.push_back(one);
        }
    }
    if (!left.empty()) return ask(rpc, *left[random_() % left.size()]);
    if (rpc->call != nullptr) return end(rpc, RpcAction::no_rpc_provider, nullptr);
    go_abroad(rpc);
}

void RpcHub::ask(const RpcPtr& rpc, Session& provider) {
    auto& requests = asked_[&provider];
    rpc->state = Rpc::State::asked;
    rpc->provider = &provider;
    rpc->id = rpc->caller_id;
    // Callers choose their ids, and two callers may choose the same one.
    if (rpc->id.empty() || requests.contains(rpc->id)) rpc->id = fmt::format("ringside-{}", ++ids_);
    requests.emplace(rpc->id, rpc);
    auto request = rpc_message(RpcAction::request);
    request.set_name(rpc->name);
    request.set_correlation_id(rpc->id);
    if (!rpc->data.empty()) request.set_data(rpc->data);
    if (!rpc->requestor_name.empty()) request.set_requestor_name(rpc->requestor_name);
    if (!rpc->requestor_data.empty()) request.set_requestor_data(rpc->requestor_data);
    provider.send(request);
    expect_within(rpc, hub_.options.rpc_accept_time);
}

void RpcHub::go_abroad(const RpcPtr& rpc) {
    const std::string grid_name = to_grid_name(rpc->name);
    if (!check_name(grid_name)) return end(rpc, RpcAction::no_rpc_provider, nullptr);
    const auto document = payload_document(rpc->data);
    if (!document) return end(rpc, RpcAction::invalid_message_data, nullptr);
    rpc->state = Rpc::State::abroad;
    rpc->provider = nullptr;
    rpc->abroad.assign(document->bytes().begin(), document->bytes().end());
    std::erase_if(abroad_, [](const auto& one) { return one.expired(); });
    abroad_.push_back(rpc);
    // A provider elsewhere must accept within the same time as one of this gateway.
    expect_within(rpc, hub_.options.rpc_accept_time);
    const CallOptions options{.timeout =
                                  hub_.options.rpc_accept_time + hub_.options.rpc_answer_time};
    spawn(
        loop_.get_executor(),
        [](RpcHub& self, RpcPtr called, std::string name, Document data,
           CallOptions how) -> Task<void> {
            Content content(std::move(data));  // named, see GridAccess::work
            const auto outcome =
                co_await self.hub_.grid().call(std::move(name), std::move(content), how);
            self.on_abroad(called, outcome);
        }(*this, rpc, grid_name, *document, options),
        "a call");
}

void RpcHub::on_abroad(const RpcPtr& rpc, const Result<ringside::Answer>& outcome) {
    if (outcome) {
        const std::string data = payload_json(outcome->document.bytes());
        return end(rpc, outcome->is_failure ? RpcAction::request_error : RpcAction::response,
                   &data);
    }
    const bool is_late = outcome.error() == Errc::timed_out;
    if (!is_late && outcome.error() != Errc::no_provider) {
        spdlog::info("call of '{}': {}", rpc->name, outcome.error().text());
    }
    end(rpc, is_late ? RpcAction::response_timeout : RpcAction::no_rpc_provider, nullptr);
}

RpcHub::RpcPtr RpcHub::find(Session& provider, const wire::RpcMessage& message) {
    const auto requests = asked_.find(&provider);
    if (requests == asked_.end()) return nullptr;
    const auto at = requests->second.find(message.correlation_id());
    return at == requests->second.end() ? nullptr : at->second;
}

void RpcHub::refuse_id(Session& provider, const wire::RpcMessage& message) {
    auto refusal = rpc_message(RpcAction::invalid_rpc_correlation_id);
    refusal.set_correlation_id(message.correlation_id());
    refusal.set_is_error(true);
    refusal.set_name(message.name());
    refusal.set_original_action(message.action());
    provider.send(refusal);
}

void RpcHub::accept(Session& provider, const wire::RpcMessage& message) {
    const RpcPtr rpc = find(provider, message);
    if (rpc == nullptr) return refuse_id(provider, message);
    if (rpc->state == Rpc::State::accepted) {
        auto refusal = rpc_message(RpcAction::multiple_accept);
        refusal.set_correlation_id(message.correlation_id());
        refusal.set_name(rpc->name);
        return provider.send(refusal);
    }
    rpc->state = Rpc::State::accepted;
    expect_within(rpc, hub_.options.rpc_answer_time);
    if (rpc->caller == nullptr) return;
    auto accepted = rpc_message(RpcAction::accept);
    accepted.set_name(rpc->name);
    accepted.set_correlation_id(rpc->caller_id);
    rpc->caller->send(accepted);
}

/// Ends the relation between a provider and a call.
void RpcHub::take_from(Session& provider, const RpcPtr& rpc) {
    const auto requests = asked_.find(&provider);
    if (requests == asked_.end()) return;
    requests->second.erase(rpc->id);
    if (requests->second.empty()) asked_.erase(requests);
    rpc->provider = nullptr;
}

void RpcHub::reject(Session& provider, const wire::RpcMessage& message) {
    const RpcPtr rpc = find(provider, message);
    if (rpc == nullptr) return refuse_id(provider, message);
    take_from(provider, rpc);
    rpc->passed.push_back(&provider);
    route(rpc);
}

void RpcHub::respond(Session& provider, const wire::RpcMessage& message) {
    const RpcPtr rpc = find(provider, message);
    if (rpc == nullptr) return refuse_id(provider, message);
    const std::string* data = message.has_data() ? &message.data() : nullptr;
    end(rpc, static_cast<RpcAction>(message.action()), data);
}

void RpcHub::end(const RpcPtr& rpc, RpcAction action, const std::string* data) {
    const auto was = std::exchange(rpc->state, Rpc::State::ended);
    if (was == Rpc::State::ended) return;
    rpc->timer.cancel();
    if (rpc->provider != nullptr) take_from(*rpc->provider, rpc);
    rpc->may_be_done = rpc->may_be_done || was == Rpc::State::accepted;
    if (rpc->call != nullptr) return answer_call(*rpc, action, data);
    if (rpc->on_answer) return rpc->on_answer({action, data == nullptr ? "" : *data});
    if (rpc->caller == nullptr) return;
    // Only an error of the call settles the client's promise; INVALID_MESSAGE_DATA does not.
    const bool is_bad = action == RpcAction::invalid_message_data;
    auto answer = rpc_message(is_bad ? RpcAction::request_error : action);
    answer.set_name(rpc->name);
    answer.set_correlation_id(rpc->caller_id);
    if (is_bad) answer.set_data(data_not_passed_on.data(), data_not_passed_on.size());
    else if (data != nullptr && !data->empty()) answer.set_data(*data);
    rpc->caller->send(answer);
}

/// Runs in another thread, because the broker might not accept the answer immediately. Without
/// an answer, the broker asks the next provider in the grid, unless the call may have been carried
/// out here. Such a call ends with provider_lost.
void RpcHub::answer_call(Rpc& rpc, RpcAction action, const std::string* data) {
    std::shared_ptr<Call> call = std::move(rpc.call);
    const bool is_bad = action == RpcAction::invalid_message_data;
    const bool fails = action == RpcAction::request_error;
    if (!is_bad && !fails && action != RpcAction::response) {
        if (rpc.may_be_done) hub_.grid().dispose(std::move(call));
        else hub_.grid().reject(std::move(call));
        return;
    }
    auto task = [call = std::move(call), name = rpc.name, is_bad, fails,
                 text = data == nullptr ? std::string() : *data] {
        const auto document = payload_document(text);
        Result<void> told;
        if (is_bad || !document) told = call->fail(data_not_passed_on);
        else told = fails ? call->fail(*document) : call->answer(*document);
        if (!told) spdlog::warn("call of '{}' not answered: {}", name, told.error().text());
    };
    hub_.grid().do_in_background(std::move(task));
}

void RpcHub::expect_within(const RpcPtr& rpc, std::chrono::milliseconds time) {
    rpc->timer.expires_after(time);
    rpc->timer.async_wait([this, weak = std::weak_ptr(rpc)](const error_code& failed) {
        if (const auto late = weak.lock(); late && !failed) on_time(late);
    });
}

void RpcHub::on_time(const RpcPtr& rpc) {
    switch (rpc->state) {
        case Rpc::State::asked:
            // A provider runs before its client sends the acceptance.
            rpc->may_be_done = true;
            return end(rpc, RpcAction::accept_timeout, nullptr);
        case Rpc::State::accepted: return end(rpc, RpcAction::response_timeout, nullptr);
        case Rpc::State::ended: return;
        case Rpc::State::abroad: break;
    }
    if (rpc->caller == nullptr) return;
    auto accepted = rpc_message(RpcAction::accept);
    accepted.set_name(rpc->name);
    accepted.set_correlation_id(rpc->caller_id);
    rpc->caller->send(accepted);
}

void RpcHub::forget(Session& session) {
    for (auto at = names_.begin(); at != names_.end();) {
        std::erase(at->second.providers, &session);
        at = at->second.providers.empty() ? names_.erase(at) : std::next(at);
    }
    if (const auto mine = called_.find(&session); mine != called_.end()) {
        for (const auto& one : mine->second) {
            if (const auto rpc = one.lock()) rpc->caller = nullptr;
        }
        called_.erase(mine);
    }
    const auto requests = asked_.find(&session);
    if (requests == asked_.end()) return;
    const auto orphans = std::move(requests->second);
    asked_.erase(requests);
    for (const auto& [id, rpc] : orphans) {
        rpc->provider = nullptr;
        rpc->passed.push_back(&session);
        // An accepted call may have been carried out. So may a call of the grid that was only
        // offered: a provider runs before its client sends the acceptance.
        rpc->may_be_done = rpc->may_be_done || rpc->call != nullptr;
        if (rpc->may_be_done || rpc->state == Rpc::State::accepted) {
            end(rpc, RpcAction::no_rpc_provider, nullptr);
        } else {
            route(rpc);
        }
    }
}

}  // namespace ringside::gateway::deepstream
