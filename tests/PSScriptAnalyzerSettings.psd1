@{
    IncludeDefaultRules = $true
    Rules               = @{
        PSUseCompatibleSyntax = @{
            Enable         = $true
            TargetVersions = @('5.1', '7.4')
        }
    }
    ExcludeRules        = @(
        # What BeforeAll sets is used in It, and what a function's parameters hold in the blocks that it is handed: the analyzer
        # sees each block alone.
        'PSUseDeclaredVarsMoreThanAssignments'
        'PSReviewUnusedParameter'
        # Functions of a test are words of its sentences, not commands for users.
        'PSUseShouldProcessForStateChangingFunctions'
        'PSUseSingularNouns'
        'PSAvoidUsingPositionalParameters'
    )
}
