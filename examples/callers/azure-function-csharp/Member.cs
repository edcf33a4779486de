// An Azure Function that calls Evergrant's gateway with its managed identity; EVERGRANT_URL and EVERGRANT_AUDIENCE are app settings.
// Evergrant's tests do not compile or run it, because they have no .NET SDK: they only check what it sends and where.

using System.Net.Http.Headers;
using Azure.Core;
using Azure.Identity;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Http;

public static class Member
{
    private static readonly HttpClient Client = new();
    private static readonly TokenCredential Identity = new ManagedIdentityCredential(ManagedIdentityId.SystemAssigned);

    [Function("member")]
    public static async Task<HttpResponseData> Run(
        [HttpTrigger(AuthorizationLevel.Function, "get")] HttpRequestData request, CancellationToken canceled)
    {
        var scope = Environment.GetEnvironmentVariable("EVERGRANT_AUDIENCE") + "/.default";
        var token = await Identity.GetTokenAsync(new TokenRequestContext([scope]), canceled);
        var url = Environment.GetEnvironmentVariable("EVERGRANT_URL") + "/gateway/clm/members/current";
        using var call = new HttpRequestMessage(HttpMethod.Get, url);
        call.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);
        using var answer = await Client.SendAsync(call, canceled);
        var response = request.CreateResponse(answer.StatusCode);
        response.Headers.Add("Content-Type", "application/json");
        await answer.Content.CopyToAsync(response.Body, canceled);
        return response;
    }
}
