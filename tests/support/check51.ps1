# What a text of PowerShell uses, one fact a line, for tests/support/check51.py to judge: the text's number, its line, the
# kind, whether a try with a catch is around it, and the word. stdin: a text a line, as base64 of UTF-8.
$ErrorActionPreference = 'Stop'
$number = 0
foreach ($encoded in @($input)) {
    $text = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($encoded))
    $tokens = $null
    $errors = $null
    $root = [Management.Automation.Language.Parser]::ParseInput($text, [ref]$tokens, [ref]$errors)
    $facts = [Collections.Generic.List[object]]::new()
    foreach ($each in $errors) { $facts.Add(@($each.Extent, 'error', $each.Message, $null)) }
    foreach ($each in $tokens) {
        if ($each -is [Management.Automation.Language.NumberToken]) { $facts.Add(@($each.Extent, 'number', $each.Text, $null)) }
        elseif ([string]$each.Kind -match '^(Question|AndAnd|OrOr)') {
            $facts.Add(@($each.Extent, 'token', [string]$each.Kind, $null))
        }
        if ($each -is [Management.Automation.Language.StringExpandableToken] -and $each.Text -match '`[eu]') {
            $facts.Add(@($each.Extent, 'escape', $Matches[0], $null))
        }
    }
    foreach ($node in $root.FindAll({ $true }, $true)) {
        $kind = $node.GetType().Name
        switch ($kind) {
            'CommandAst' { $facts.Add(@($node.Extent, 'command', [string]$node.GetCommandName(), $node)) }
            'CommandParameterAst' { $facts.Add(@($node.Extent, 'parameter', $node.ParameterName, $node)) }
            'FunctionDefinitionAst' { $facts.Add(@($node.Extent, 'function', $node.Name, $node)) }
            'VariableExpressionAst' { $facts.Add(@($node.Extent, 'variable', $node.VariablePath.UserPath, $node)) }
            'TypeExpressionAst' { $facts.Add(@($node.Extent, 'type', $node.TypeName.FullName, $node)) }
            'TypeConstraintAst' { $facts.Add(@($node.Extent, 'type', $node.TypeName.FullName, $node)) }
            default { $facts.Add(@($node.Extent, 'node', $kind, $node)) }
        }
        if ($node.Background) { $facts.Add(@($node.Extent, 'token', 'Background', $node)) }
        if ($node -isnot [Management.Automation.Language.MemberExpressionAst]) { continue }
        $word = [string]$node.Member.Value
        if ($node.Static -and $node.Expression.TypeName) { $word = $node.Expression.TypeName.FullName + '::' + $word }
        if ($kind -eq 'InvokeMemberExpressionAst') {
            $facts.Add(@($node.Extent, 'call', ($word + '/' + @($node.Arguments).Where({ $null -ne $_ }).Count), $node))
            foreach ($argument in $node.Arguments) {
                if ($node.Member.Value -eq 'Split' -and $argument.Value -is [string] -and $argument.Value.Length -ne 1) {
                    $facts.Add(@($node.Extent, 'call', 'Split(string)', $node))
                }
            }
        } else { $facts.Add(@($node.Extent, 'member', $word, $node)) }
    }
    foreach ($fact in $facts) {
        $guarded = 0
        $child = $fact[3]
        while ($child -and $child.Parent) {
            $try = $child.Parent
            if ($try -is [Management.Automation.Language.TryStatementAst] -and $try.Body -eq $child -and $try.CatchClauses.Count) {
                $guarded = 1
            }
            $child = $try
        }
        [Console]::WriteLine("$number`t$($fact[0].StartLineNumber)`t$($fact[1])`t$guarded`t$($fact[2] -replace '\s+', ' ')")
    }
    $number++
}
