#include "tools/gateway/rest/records.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/beast/core/string.hpp>

#include "tools/gateway/rest/parameters.hpp"

namespace ringside::gateway {

namespace {

constexpr std::string_view methods = "GET, HEAD, PUT, PATCH, DELETE, OPTIONS";
constexpr std::string_view patch_types =
    "application/merge-patch+json, application/json-patch+json";

/// As in `Last-Modified`: RFC 9110, 5.6.7.
std::string http_date(std::uint64_t unix_ns) {
    const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(seconds));
}

Outcome<Preconditions> preconditions_of(const Request& request) {
    return Preconditions::parse(request.header(http::field::if_match),
                                request.header(http::field::if_none_match));
}

Outcome<WriteOptions> options_of(const Request& request) {
    WriteOptions options;
    const auto ttl = number_parameter(request, "ttl_ms", 1, limits::ttl_ms_max);
    if (!ttl) return ttl.error();
    if (*ttl) options.ttl = std::chrono::milliseconds(**ttl);
    const auto durable = flag_parameter(request, "durable", false);
    if (!durable) return durable.error();
    if (*durable) options.grade = Grade::durable;
    return options;
}

Response method_of_write(Request& request, Write& write) {
    const std::string* pointer = request.parameters.find("pointer");
    switch (request.method()) {
        case http::verb::put:
            write.kind = pointer == nullptr ? Write::Kind::put : Write::Kind::patch;
            if (pointer != nullptr) write.pointer = *pointer;
            write.json = std::move(request.message.body());
            return {};
        case http::verb::delete_:
            if (pointer == nullptr) {
                write.kind = Write::Kind::remove;
                return {};
            }
            write.kind = Write::Kind::json_patch;
            write.json = R"([{"op":"remove","path":)";
            append_json_string(*pointer, write.json);
            write.json += "}]";
            return {};
        default: break;
    }
    if (pointer != nullptr) {
        return Response::of(
            {400, "bad_parameter", "PATCH takes no 'pointer': its body says where"});
    }
    const std::string_view type = media_type(request.header(http::field::content_type));
    if (boost::beast::iequals(std::string(type), "application/merge-patch+json")) {
        write.kind = Write::Kind::merge;
    } else if (boost::beast::iequals(std::string(type), "application/json-patch+json")) {
        write.kind = Write::Kind::json_patch;
    } else {
        Response refusal =
            Response::of({415, "bad_content_type", fmt::format("PATCH takes {}", patch_types)});
        refusal.add("Accept-Patch", patch_types);
        return refusal;
    }
    write.json = std::move(request.message.body());
    return {};
}

}  // namespace

Task<Response> RecordResource::handle(Request& request, const Requester& requester,
                                      const std::string& name) {
    switch (request.method()) {
        case http::verb::get:
        case http::verb::head: co_return get(request, requester, name);
        case http::verb::put:
        case http::verb::patch:
        case http::verb::delete_: break;
        default: co_return other_method(request, methods);
    }
    if (auto problem = check_parameters(request, {"pointer", "ttl_ms", "durable"})) {
        co_return Response::of(*problem);
    }
    Write write{.name = name};
    if (Response refusal = method_of_write(request, write); refusal.status != 200) {
        co_return refusal;
    }
    co_return co_await change(request, requester, std::move(write));
}

Response RecordResource::get(const Request& request, const Requester& requester,
                             const std::string& name) {
    ++operations_.figures().reads;
    if (auto problem = check_parameters(request, {"pointer"})) return Response::of(*problem);
    const auto record = operations_.grid().reader().get(name);
    const ReadEvidence evidence(operations_.grid().records(), name,
                                record ? record->document() : Value());
    if (auto problem = requester.refuse(Action::read, name, evidence)) {
        return Response::of(*problem);
    }
    const auto preconditions = preconditions_of(request);
    if (!preconditions) return Response::of(preconditions.error());
    const std::string* text = request.parameters.find("pointer");
    auto pointer = Pointer::parse(text == nullptr ? std::string_view() : *text);
    if (!pointer) return Response::of(Problem::of(pointer.error()));
    if (!record) return Response::of(Problem::of(record.error()));
    Response response;
    response.add("ETag", entity_tag(record->version()));
    response.add("Last-Modified", http_date(record->updated_ns()));
    response.add("Ringside-Revision", std::to_string(record->revision()));
    response.add("Cache-Control", "no-cache");
    if (record->expires_ms() != 0) {
        response.add("Ringside-Expires", std::to_string(record->expires_ms()));
    }
    if (preconditions->is_known(record->version())) {
        response.status = 304;
        return response;
    }
    if (!preconditions->hold(record->version())) {
        return Response::of({412, "condition_failed", "the record has another version"});
    }
    if (pointer->empty()) append_json(record->document(), response.body);
    else if (const auto value = record->document().find(*pointer)) {
        append_json(*value, response.body);
    } else {
        return Response::of(Problem::of(Error(Errc::path_not_found, pointer->text())));
    }
    if (const auto whole = record->check(); !whole) return Response::of(Problem::of(whole.error()));
    return response;
}

Task<Response> RecordResource::change(Request& request, const Requester& requester, Write write) {
    const auto preconditions = preconditions_of(request);
    if (!preconditions) co_return Response::of(preconditions.error());
    const auto options = options_of(request);
    if (!options) co_return Response::of(options.error());
    write.options = *options;
    const bool may_create = write.kind == Write::Kind::put || write.kind == Write::Kind::merge;
    const bool is_removed = write.kind == Write::Kind::remove;
    const auto name = write.name;
    const auto written = co_await operations_.write(requester, std::move(write), *preconditions);
    if (!written) co_return Response::of(written.error());
    Response response;
    response.body =
        fmt::format(R"({{"revision":{},"version":{}}})", written->revision, written->version);
    response.add("Ringside-Revision", std::to_string(written->revision));
    if (!is_removed) response.add("ETag", entity_tag(written->version));
    if (may_create && written->version == 1) {
        response.status = 201;
        response.add("Location", "/v1/records/" + percent_encoded(name));
    }
    co_return response;
}

}  // namespace ringside::gateway
